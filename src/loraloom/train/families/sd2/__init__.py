"""Stable Diffusion 2.x: OpenCLIP-H text encoder, v-prediction in the 768 px models; else as Stable Diffusion 1.x."""

from loraloom.train.families.sd1.encode import encode_texts
from loraloom.train.families.sd1.export import components, lora_names
from loraloom.train.families.sd1.loss import predict
from loraloom.train.families.sd2.load import load

__all__ = ["components", "encode_texts", "load", "lora_names", "predict"]

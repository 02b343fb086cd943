"""Stable Diffusion 1.x: one CLIP text encoder, epsilon prediction."""

from loraloom.train.families.sd1.encode import encode_texts
from loraloom.train.families.sd1.export import components, lora_names
from loraloom.train.families.sd1.load import load
from loraloom.train.families.sd1.loss import predict

__all__ = ["components", "encode_texts", "load", "lora_names", "predict"]

"""Stable Diffusion XL: two text encoders, pooled text and picture sizes as added conditions."""

from loraloom.train.families.sd1.export import components, lora_names
from loraloom.train.families.sdxl.encode import encode_texts
from loraloom.train.families.sdxl.load import load
from loraloom.train.families.sdxl.loss import predict

__all__ = ["components", "encode_texts", "load", "lora_names", "predict"]

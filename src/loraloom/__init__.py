"""LoRA Loom: a folder of pictures (or texts) in, a LoRA that works in the tools people already use out."""

__version__ = "0.1.0"

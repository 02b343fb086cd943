"""The base models and LoRA files Loom knows, told from names and headers alone. Never imports torch."""

"""Where a LoRA can go, each behind the same small seam."""

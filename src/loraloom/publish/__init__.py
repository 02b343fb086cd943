"""What goes out: other layouts of a LoRA, its card and the files beside it. Never imports torch."""

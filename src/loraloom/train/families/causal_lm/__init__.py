"""Causal language models of transformers: Llama, Qwen, Mistral, Gemma, Phi and their like."""

"""What can be counted about pictures that were drawn: by a small CLIP, by their pixels, by the base model's own eyes."""

"""Pictures on disk: import, check, decode, buckets, captions, and the order of training. Pillow and numpy, never torch."""

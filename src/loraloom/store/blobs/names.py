"""Prefixes of the objects in a bucket."""

BLOBS = "blobs/"
THUMBNAILS = "thumbnails/"
YOUNG = "young/"
"""Empty objects `<key>.<random>`: when a blob was put."""
GOING = "going/"
"""Copies of what a sweep deletes now: `<key>.<random>`."""

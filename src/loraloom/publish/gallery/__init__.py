"""The gallery: static pages of what was published, to be hosted anywhere."""

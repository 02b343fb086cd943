"""Texts to learn from: read in the shapes people have them, put into the model's words, counted and planned. Light."""

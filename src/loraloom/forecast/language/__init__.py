"""Memory and time of a run on texts before it starts."""

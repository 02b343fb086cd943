"""Measurements, never assertions: `python -m bench` runs Loom against a plain loop and writes `bench/results/`."""

"""Sampling with hot-swapped LoRAs: `python -m loraloom.generate REQUEST.json`; also draws the samples of a run."""

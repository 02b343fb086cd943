"""One loop for every family; runs as `python -m loraloom.train RUN_DIR`."""

"""The contracts: run, dataset, caption, preset, event, lora, errors. Pydantic and the standard library only."""

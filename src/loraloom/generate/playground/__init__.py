"""The drawing engine: bases that stay in memory, LoRAs swapped on them without touching a weight."""

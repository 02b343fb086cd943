"""How a run of this family gets going: as pictures do."""

from loraloom.train.setup import start

__all__ = ["start"]

"""How a training speaks of itself when it cannot go on."""

from loraloom.child.work import Words

WORDS = Words(
    kept="what was written before is whole",
    again="Start the run again to go on from its last checkpoint.",
    memory="Lower training.batch_size (raise training.accumulation as much), set training.gradient_checkpointing, or lower "
    "dataset.resolution.",
    busy="trained",
)

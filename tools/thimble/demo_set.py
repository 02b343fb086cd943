"""Which concepts make the demo data set, and which are kept to show what a LoRA trained on it does."""

DEMO: tuple[str, ...] = (
    "red apple", "banana", "strawberry", "grapes", "watermelon", "carrot", "hamburger", "donut", "ice cream cone",
    "cupcake", "cat face", "dog face", "panda face", "fox face", "penguin", "tropical fish", "octopus", "red car",
    "rocket", "soccer ball", "sunflower", "cactus", "smiling face", "red heart",
)  # fmt: skip
"""The 24 subjects of the demo data set."""

HELD_OUT: tuple[str, ...] = (
    "green apple", "lemon", "pear", "cherries", "pizza", "lion face", "bear face", "pig face", "koala face", "owl",
    "crab", "ladybug", "bus", "basketball", "tulip", "mushroom", "robot", "crown",
)  # fmt: skip
"""Subjects kept out of the demo data set, for pictures before and after."""

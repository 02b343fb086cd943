"""How good a set of pictures is for training: measures of one picture, and a score card of them all."""

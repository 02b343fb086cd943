"""An experiment in a process of its own: every cell drawn or answered once, then measured."""

"""What every child process of Loom does, whatever its work: limits of its own, asks from outside, the signal to stop."""

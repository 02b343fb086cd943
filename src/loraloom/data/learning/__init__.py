"""Learning labels from a person's answers: what to ask next, what to propose, when to stop."""

"""The model's own process, and what its parent needs to talk to it."""

"""One session at a time: its states, and what carries it out."""

"""The `reactor` command."""

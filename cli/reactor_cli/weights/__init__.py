"""What the commands about weights do."""

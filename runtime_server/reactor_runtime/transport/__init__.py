"""Ways in which media and messages reach the client."""

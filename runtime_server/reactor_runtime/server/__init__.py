"""The HTTP side of the runtime server."""

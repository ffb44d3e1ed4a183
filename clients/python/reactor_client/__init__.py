"""A client for Reactor sessions."""

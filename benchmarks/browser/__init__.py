"""Headless Chromium with pages of ours, driven by its own debugging protocol."""

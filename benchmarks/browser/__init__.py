"""Headless Chromium with a page of ours, driven by its own debugging protocol."""

"""Debian's Chromium, or Google's: what tests and pictures are taken with."""

import shutil

FLAGS = (
    "--no-sandbox",  # which root can't have; only our own pages are shown
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
)


def program() -> str | None:
    """Where it is; None: it isn't installed."""
    return shutil.which("chromium") or shutil.which("google-chrome")

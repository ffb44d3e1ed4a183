"""When a media connection has fallen silent: LiveKit answers what it receives, at least once a second."""

LOOK_EVERY_S = 0.5
"""A look costs a quarter of a millisecond."""

SILENT_AFTER_S = 3.0
"""Two of LiveKit's reports are missing, and the third is due. A black-out of 2 s heals by itself within 20 ms."""


class Silence:
    """Judges the number of bytes received.

    What is *sent* says nothing: the library counts bytes that leave by an interface which isn't there any more.
    """

    def __init__(self, now_s: float) -> None:
        self._received_bytes: int | None = None
        self._heard_s = now_s

    def look(self, received_bytes: int | None, now_s: float) -> bool:
        """Take the count (None: not known) and return whether the other side has been silent for too long."""
        if received_bytes is not None and received_bytes != self._received_bytes:
            self._received_bytes, self._heard_s = received_bytes, now_s
        return now_s - self._heard_s >= SILENT_AFTER_S

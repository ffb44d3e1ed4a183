"""How much at once, how long, how often."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download allows itself.

    Parameters:
        connections: parts in flight, each with its own thread and up to `PART_BYTES` of memory.
        patience_s: a registry that gives nothing at all for so long is unreachable. Longer than a Wi-Fi change or a
            restart of the server takes.
        first_patience_s: the same before it has given anything: a wrong address should be told soon.
        tries: how often a part, or a file without an index, may arrive with wrong bytes.
        restarts: how often the registry's folder may change under a download.
        reserve_bytes: what must stay free on the disk.
    """

    connections: int = 10
    patience_s: float = 60.0
    first_patience_s: float = 5.0
    tries: int = 4
    restarts: int = 5
    reserve_bytes: int = 256 * 1024 * 1024

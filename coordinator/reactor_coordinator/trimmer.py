"""Large WebSocket messages, cut while they arrive: memory holds only what will be read."""

CONTINUATION, FIRST_CONTROL = 0, 8
"""Opcodes (RFC 6455, 5.2)."""

FINAL, MASKED = 0x80, 0x80
"""Bits of a frame's first and second byte."""

MASK_BYTES = 4


class MessageTrimmer:
    """Sits in front of a parser and shortens each message to `limit_bytes + 1`, so that it is seen to be too large.

    Frames keep their order, masks and borders; only empty fragments that aren't the last ones go (a parser would
    keep each of any number). What isn't a frame passes as it is: refusing it is the parser's work.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._most = limit_bytes + 1
        self._message_bytes = 0
        """Of the current message, over all of its fragments, as far as they were passed on."""
        self._header = bytearray()
        self._keep = self._drop = 0
        """Bytes to come of the current frame: first these, then those."""

    def feed(self, data: bytes) -> bytes:
        """Return what is to be parsed of `data`, the next bytes after the handshake."""
        kept = bytearray()
        at = 0
        while at < len(data):
            if self._keep:
                end = min(at + self._keep, len(data))
                kept += data[at:end]
                self._keep -= end - at
                at = end
            elif self._drop:
                taken = min(self._drop, len(data) - at)
                self._drop -= taken
                at += taken
            else:
                at = self._read_header(data, at, kept)
        return bytes(kept)

    def _read_header(self, data: bytes, at: int, kept: bytearray) -> int:
        """Take the header's next bytes; return where they end."""
        header = self._header
        end = at + _header_bytes(header) - len(header)
        header += data[at:end]
        if len(header) == _header_bytes(header):
            self._begin_frame(header, kept)
            header.clear()
        return min(end, len(data))

    def _begin_frame(self, header: bytearray, kept: bytearray) -> None:
        length, opcode, final = _payload_bytes(header), header[0] & 0x0F, bool(header[0] & FINAL)
        if opcode >= FIRST_CONTROL:
            self._keep = length
            kept += header
            return
        if opcode != CONTINUATION:
            self._message_bytes = 0
        self._keep = min(length, self._most - self._message_bytes)
        self._drop = length - self._keep
        self._message_bytes += self._keep
        if self._keep or final or opcode != CONTINUATION:
            kept += header if not self._drop else _with_length(header, self._keep)


def _header_bytes(header: bytearray) -> int:
    """How long this header will be, as far as its first bytes tell."""
    if len(header) < 2:
        return 2
    extended = {126: 2, 127: 8}.get(header[1] & 0x7F, 0)
    return 2 + extended + (MASK_BYTES if header[1] & MASKED else 0)


def _payload_bytes(header: bytearray) -> int:
    length = header[1] & 0x7F
    if length == 126:
        return int.from_bytes(header[2:4], "big")
    return int.from_bytes(header[2:10], "big") if length == 127 else length


def _with_length(header: bytearray, length: int) -> bytes:
    mask = header[len(header) - MASK_BYTES :] if header[1] & MASKED else b""
    return bytes([header[0], header[1] & MASKED | 127]) + length.to_bytes(8, "big") + mask

"""A picture as a PNG file, without an imaging library."""

import struct
import zlib

from reactor_client.frame import Pixels

_RGB8 = bytes([8, 2, 0, 0, 0])  # bit depth, colour type, and the only method, filter set and interlacing


def encode_png(pixels: Pixels) -> bytes:
    """Encode RGB, uint8, shape (height, width, 3)."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">II", width, height) + _RGB8),
            _chunk(b"IDAT", zlib.compress(rows, 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

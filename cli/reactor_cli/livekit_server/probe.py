"""Whether a server answers, and whether it is the one that we started."""

import asyncio
import base64
import hashlib
import hmac
import json
import time

from reactor_cli.livekit_server.config import KeyPair

_PROBE_S = 2.0
_TOKEN_S = 60


async def is_ready(port: int, keys: KeyPair) -> bool:
    """Whether the server on loopback `port` answers and takes our key.

    Another server that got the port a moment earlier answers as well: the key tells them apart.
    """
    if not await _gives_200(port, "GET / HTTP/1.0\r\n\r\n"):
        return False
    head = f"POST /twirp/livekit.RoomService/ListRooms HTTP/1.0\r\nAuthorization: Bearer {room_list_token(keys)}\r\n"
    return await _gives_200(port, f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}")


async def _gives_200(port: int, request: str) -> bool:
    try:
        async with asyncio.timeout(_PROBE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request.encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):  # the last: an endless line
        return False


def room_list_token(keys: KeyPair) -> str:
    """Return a JSON Web Token (HS256) that may list rooms; livekit-api would cost 300 ms of imports."""
    claims = {"iss": keys.key, "exp": int(time.time()) + _TOKEN_S, "video": {"roomList": True}}
    parts = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{parts}.{_base64(hmac.digest(keys.secret.encode(), parts.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

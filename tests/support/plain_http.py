"""Short questions to servers of this machine."""

import ssl
from collections.abc import Mapping

import httpx

from support.limits import PATIENCE_S

# Every client else loads the certificates of the world: 20 ms of a core, for each question that is asked in a loop.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_http(headers: Mapping[str, str] | None = None, *, limit_s: float = PATIENCE_S) -> httpx.AsyncClient:
    """A client for `http://` URLs only, which no proxy of the environment is asked by."""
    return httpx.AsyncClient(verify=_NO_CERTIFICATES, trust_env=False, headers=headers, timeout=limit_s)

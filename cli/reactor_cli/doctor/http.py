"""Short questions to servers."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reactor_cli.settings import is_loopback

if TYPE_CHECKING:
    import httpx

_ANSWER_S = 4.0


def ask(method: str, url: str, *, json: object = None, bearer: str = "") -> "httpx.Response":
    """Return the answer, redirects followed; a `ws` address is asked by `http`.

    Raises:
        OSError: none; the text says why.
    """
    import httpx  # noqa: PLC0415 - 100 ms that only a server to ask needs

    if url.startswith("ws"):
        url = url.replace("ws", "http", 1)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    own = is_loopback(host_of(url))  # no proxy can reach this machine's own ports
    try:
        with httpx.Client(trust_env=not own, timeout=_ANSWER_S, follow_redirects=True, headers=headers) as client:
            return client.request(method, url, json=json)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(str(error) or type(error).__name__) from None


def host_of(url: str) -> str:
    """Return the host's name or address, or what was given instead of a URL."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url

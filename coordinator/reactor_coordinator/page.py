"""`GET /` and what belongs to it: the studio where it has been built, else a page that says how to build it."""

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from reactor_coordinator.address import livekit_url_for
from reactor_coordinator.settings import Settings

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
_ADDRESS = re.compile(r"(?P<scheme>wss?)://(?P<rest>[A-Za-z0-9._-]+:\d+)")
_SHARED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_CLOSED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    etag: str

    def answer(self, request: Request, headers: dict[str, str]) -> Response:
        headers = {**_SHARED_HEADERS, "ETag": self.etag, "Vary": "Accept-Encoding", **headers}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.compressed is None or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.content, media_type=self.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self.compressed, media_type=self.media_type, headers=headers)


class Page:
    """The page's files, read once.

    Args:
        settings: where LiveKit is, which the page must be allowed to call, and the built studio, unless it is in this
            package.
    """

    def __init__(self, settings: Settings) -> None:
        package = files(__package__)
        built: Traversable = settings.studio or package / "studio"
        self._settings = settings
        self._assets: dict[str, _File] = {}
        self.is_studio = (built / "index.html").is_file()
        if self.is_studio:
            self._index = _read(built, "index.html")
            assets = built / "assets"
            self._assets = {name: _read(assets, name) for name in _names(assets)}
        else:
            self._index = _read(package, "page.html")
            self._policy = _inline_policy(self._index.content.decode())

    def index(self, request: Request) -> Response:
        """`GET /`: asked for again each time, because it names the assets of one build."""
        policy = self._studio_policy(request) if self.is_studio else self._policy
        return self._index.answer(request, {"Content-Security-Policy": policy, "Cache-Control": "no-cache"})

    def asset(self, request: Request) -> Response:
        """`GET /assets/{name}`: its name tells its content."""
        found = self._assets.get(request.path_params["name"])
        if found is None:
            return Response("Not found", 404, media_type="text/plain", headers={"Cache-Control": "no-store"})
        return found.answer(request, {"Cache-Control": _FOR_EVER})

    def _studio_policy(self, request: Request) -> str:
        livekit = livekit_url_for(
            public_url=self._settings.livekit_public_url,
            livekit_url=self._settings.livekit_url,
            host=request.headers.get("host"),
            scheme=request.url.scheme,
            forwarded_proto=request.headers.get("x-forwarded-proto"),
        )
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' {_sources(livekit)}; {_CLOSED}"
        )


def _sources(livekit_url: str) -> str:
    """LiveKit is called by WebSocket, and by HTTP to learn why that failed. A policy can't name an IPv6 address."""
    url = re.sub("^http", "ws", livekit_url).rstrip("/")
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return "wss: https:" if url.startswith("wss") else "ws: http:"
    http = match["scheme"].replace("ws", "http")
    return f"{match[0]} {http}://{match['rest']}"


def _inline_policy(html: str) -> str:
    style = html.split("<style>", 1)[1].split("</style>", 1)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {_CLOSED}"


def _read(folder: Traversable, name: str) -> _File:
    """A file, with the compressed form that the build has left beside it."""
    content, compressed = (folder / name).read_bytes(), folder / f"{name}.gz"
    return _File(
        content=content,
        compressed=compressed.read_bytes() if compressed.is_file() else None,
        media_type=_TYPES.get(name[name.rfind(".") :], "application/octet-stream"),
        etag=f'"{hashlib.sha256(content).hexdigest()[:16]}"',
    )


def _names(folder: Traversable) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and not path.name.endswith(".gz")]

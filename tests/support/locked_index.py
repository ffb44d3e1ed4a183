"""A package index that wants a password: a folder of wheels."""

import contextlib
import threading
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD = "not-for-anybody-else"
_KEY = f"Basic {b64encode(f'me:{PASSWORD}'.encode()).decode()}"


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers.get("Authorization") == _KEY:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@contextlib.contextmanager
def locked_index(folder: Path, host: str) -> Iterator[str]:
    """Serve `folder` at that address of this machine to who says `me` and `PASSWORD`; the address."""
    server = ThreadingHTTPServer((host, 0), partial(_Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

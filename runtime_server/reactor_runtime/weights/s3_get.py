"""GET of a range from an S3 server that isn't AWS, without what botocore does for it and is not needed here.

That is nine tenths of the Python of a request, and most of what a small file takes.
"""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import get_cert_path
from botocore.session import Session
from botocore.utils import get_environ_proxies

from reactor_runtime.weights.s3_connection import Answer, Body, Connection
from reactor_runtime.weights.s3_signature import signed_headers

_PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class RangeGetter:
    """Asks for ranges of objects; for many threads.

    Parameters:
        url: of the bucket, which is a part of the path; ends in a slash.
        tls: where the address says https.
    """

    url: SplitResult
    region: str
    credentials: Credentials
    tls: ssl.SSLContext | None
    connect_timeout_s: float
    read_timeout_s: float
    _idle: list[Connection] = field(default_factory=list)
    _closed: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(
        cls,
        session: Session,
        credentials: Credentials,
        url: str,
        region: str,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> "RangeGetter | None":
        """With the certificates that a client of `session` would use; None where it would use a proxy.

        Parameters:
            url: of the bucket, which is a part of the path; ends in a slash.
            read_timeout_s: without a byte.
        """
        parts = urlsplit(url)
        if get_environ_proxies(url) or parts.hostname is None:
            return None
        tls = None
        if parts.scheme == "https":
            certificates = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
            tls = ssl.create_default_context(cafile=certificates or get_cert_path(True))
        return cls(parts, region, credentials, tls, connect_timeout_s, read_timeout_s)

    def get(self, key: str, headers: Mapping[str, str]) -> tuple[Mapping[str, str], Body] | None:
        """Headers, their names in small letters, and body of the answer, if it is the range that `headers` ask for.

        None where anything else comes, or nothing: then botocore has to ask in its own way, with retries and errors.
        """
        connection = None
        try:
            request = self._request(key, headers)
            connection = self._connection()
            answer = connection.ask(request)
        except (BotoCoreError, OSError, ValueError):
            answer = None
        if connection and answer and _has_range(answer):
            size_bytes = int(answer.headers["content-length"])
            return answer.headers, Body(connection, answer.rest, size_bytes, self._give_back)
        if connection:
            connection.close()
        return None

    def close(self) -> None:
        """End the connections: those in use when their bodies have been read."""
        self._closed.set()
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()

    def __del__(self) -> None:  # for a store that nobody closes
        self.close()

    def _request(self, key: str, headers: Mapping[str, str]) -> bytes:
        """Raises BotoCoreError without credentials, ValueError if a header can't be one."""
        path = self.url.path + quote(key, safe="/~")
        host = self.url.netloc.rpartition("@")[2]
        who = self.credentials.get_frozen_credentials()
        told = {**headers, **signed_headers(who, self.region, host, path, datetime.now(UTC))}
        lines = [f"GET {path} HTTP/1.1", "User-Agent: reactor-local", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in told.items()]
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1:
            raise ValueError("a header of two lines")
        return text.encode("ascii") + b"\r\n\r\n"

    def _give_back(self, connection: Connection) -> None:
        if self._closed.is_set():
            connection.close()
        else:
            self._idle.append(connection)

    def _connection(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Connection:
        host = self.url.hostname or ""
        port = self.url.port or (80 if self.tls is None else 443)
        stream = socket.create_connection((host, port), timeout=self.connect_timeout_s)
        if self.tls:
            stream = self.tls.wrap_socket(stream, server_hostname=host)
        stream.settimeout(self.read_timeout_s)
        return Connection(stream)


def _has_range(answer: Answer) -> bool:
    """Whether its body is the range asked for, and ends where the headers say."""
    headers = answer.headers
    plain = "transfer-encoding" not in headers and headers.get("content-encoding", "identity") == "identity"
    length = headers.get("content-length", "")
    return answer.status == _PARTIAL_CONTENT and plain and length.isdecimal() and len(answer.rest) <= int(length)

"""GET of a range from an S3 server that isn't AWS, without what botocore does for it and is not needed here.

That is more than half of the Python of a request, and most of what a small file takes. Connections, certificates and
proxies are botocore's own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.response import StreamingBody
from botocore.session import Session
from botocore.utils import get_environ_proxies

from reactor_runtime.weights.s3_signature import signed_headers

_PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class RangeGetter:
    """Asks for ranges of objects; for many threads.

    Parameters:
        origin: of the server: scheme, host and port.
        path: of the bucket on that server; begins and ends with a slash.
    """

    origin: str
    path: str
    region: str
    credentials: Credentials
    http: URLLib3Session

    @classmethod
    def of(
        cls, session: Session, credentials: Credentials, url: str, region: str, *, connections: int, timeout_s: float
    ) -> "RangeGetter":
        """With the certificates and proxies that a client of `session` would use.

        Parameters:
            url: of the bucket, which is a part of the path; ends in a slash.
            connections: how many are kept.
            timeout_s: to connect, and without a byte.
        """
        certificates = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        http = URLLib3Session(
            verify=certificates or True,  # type: ignore[arg-type] # the stubs don't know of a path
            proxies=get_environ_proxies(url),
            timeout=timeout_s,  # type: ignore[arg-type] # the stubs know whole seconds only
            max_pool_connections=connections,
        )
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path, region, credentials, http)

    def get(self, key: str, headers: Mapping[str, str]) -> tuple[Mapping[str, str], StreamingBody] | None:
        """Headers and body of the answer, if it is the range that `headers` ask for.

        None where anything else comes, or nothing: then botocore has to ask in its own way, with retries and errors.
        """
        path = self.path + quote(key, safe="/~")
        host = self.origin.partition("://")[2]
        try:
            who = self.credentials.get_frozen_credentials()
            signed = signed_headers(who, self.region, host, path, datetime.now(UTC))
            told = {"User-Agent": "reactor-local", **headers, **signed}
            url = self.origin + path
            request = AWSPreparedRequest("GET", url, told, None, stream_output=True)  # type: ignore[arg-type] # a dict does
            answer = self.http.send(request)
        except BotoCoreError:
            return None
        if answer.status_code != _PARTIAL_CONTENT or "Content-Length" not in answer.headers:
            answer.raw.close()
            return None
        return answer.headers, StreamingBody(answer.raw, answer.headers["Content-Length"])

    def close(self) -> None:
        """Give back the connections."""
        self.http.close()

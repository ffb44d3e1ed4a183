"""AWS signature version 4 of a GET, with what is the same for all of a day kept.

botocore's own signs anything, and takes a third of the Python of a small file for that. The scheme: "Authenticating
Requests (AWS Signature Version 4)" in the documentation of Amazon S3.
"""

import hashlib
import hmac
from datetime import datetime
from functools import lru_cache

from botocore.credentials import ReadOnlyCredentials

_ALGORITHM = "AWS4-HMAC-SHA256"
_NO_BODY = hashlib.sha256().hexdigest()
_SERVICE = "s3"


def signed_headers(
    credentials: ReadOnlyCredentials, region: str, host: str, path: str, now: datetime
) -> dict[str, str]:
    """The headers of a GET that say who asks; others may be added without being signed.

    Parameters:
        host: of the server, with its port where the address names one.
        path: of the URL, in percent-encoding as it is sent; without a query.
        now: in UTC.
    """
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    day = stamp[:8]
    headers = {"host": host, "x-amz-content-sha256": _NO_BODY, "x-amz-date": stamp}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_NO_BODY}"
    scope = f"{day}/{region}/{_SERVICE}/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = _hmac(_key(credentials.secret_key, day, region), text).hex()
    said = f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": said}


@lru_cache(maxsize=2)
def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, _SERVICE, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")

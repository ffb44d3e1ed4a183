from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from reactor_runtime.weights.s3_signature import signed_headers

PATHS = ["/bucket/folder/file.bin", "/bucket/with%20space/%C3%A9~x.bin", "/prefix/bucket/a%2Bb"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", [None, "a-session's-token"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "https://s3.example.com", "http://[::1]:7070"])
def test_it_is_the_signature_that_botocore_makes(url: str, token: str | None, path: str) -> None:
    credentials = Credentials("key", "secret", token)
    request = AWSRequest("GET", url + path)
    S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    then = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    host = url.partition("://")[2]
    ours = signed_headers(credentials.get_frozen_credentials(), "eu-central-1", host, path, then)
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours.get("x-amz-security-token") == token


def test_another_secret_has_another_signature() -> None:
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    texts = {
        signed_headers(Credentials("key", secret).get_frozen_credentials(), "r", "host", "/p", now)["Authorization"]
        for secret in ("one", "two", "one")
    }
    assert len(texts) == 2

"""A bucket of any S3 server as a registry. Importing this imports boto3, which takes 0.3 s."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3.session
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from reactor_runtime.weights.errors import (
    ObjectChangedError,
    ObjectExistsError,
    ObjectMissingError,
    RegistryError,
)
from reactor_runtime.weights.hashes import has_md5_etag
from reactor_runtime.weights.s3_connection import Body
from reactor_runtime.weights.s3_errors import explained
from reactor_runtime.weights.s3_get import RangeGetter
from reactor_runtime.weights.s3_part import Sending
from reactor_runtime.weights.s3_send import SHA256, Outgoing, Sender, metadata_of
from reactor_runtime.weights.s3_upload import end_abandoned
from reactor_runtime.weights.store import CHUNK_BYTES, ObjectInfo

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectRequestTypeDef

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
"""Without a byte."""

_ATTEMPTS = 3  # of one request, with botocore's growing pauses: 3 s in all
_SMALL_BYTES = 256 * 1024  # read whole, without an account of what has been sent


class S3Store:
    """An `ObjectStore` in a bucket. Credentials, region and endpoint are found as every AWS tool finds them."""

    def __init__(self, bucket: str, *, connections: int = 10) -> None:
        self._bucket = bucket
        self._connections = connections
        self._client: S3Client | None = None
        self._getter: RangeGetter | None = None  # AWS has none: its addresses and checks of its own are botocore's
        self._sender: Sender | None = None
        self._client_lock = threading.Lock()

    @property
    def location(self) -> str:
        """`s3://bucket`."""
        return f"s3://{self._bucket}"

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Page by page; see `ObjectStore.list`."""
        with self._explained():
            pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", ()):
                    etag = _unquoted(entry.get("ETag", ""))
                    yield ObjectInfo(entry["Key"], entry["Size"], etag, entry["LastModified"])

    def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        with self._explained(key):
            found = self._s3().head_object(Bucket=self._bucket, Key=key)
        return ObjectInfo(
            key, found["ContentLength"], _unquoted(found["ETag"]), found["LastModified"], has_opaque_etag(found)
        )

    def read_range(self, key: str, start: int, end: int, *, etag: str | None = None) -> Iterator[bytes]:
        """See `ObjectStore.read_range`."""
        if start == end:
            return
        with self._explained(key):
            found_etag, found_range, body = self._asked(key, f"bytes={start}-{end - 1}", etag)
            try:
                same = etag is None or _unquoted(found_etag) == etag
                if not same or not found_range.startswith(f"bytes {start}-{end - 1}/"):
                    raise ObjectChangedError(f"{key} in {self.location} has been replaced meanwhile. Start again.")
                while data := body.read(CHUNK_BYTES):  # raises if the connection ends too early
                    yield data
            finally:
                body.close()

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str | None = None,
        on_bytes: Callable[[int], None] | None = None,
        on_found: Callable[[int], None] | None = None,
    ) -> None:
        """In several parts at once if it is large, and going on where an earlier one was; see `ObjectStore.put`."""
        tell = on_bytes or (lambda _count: None)
        data: bytes | None
        if isinstance(source, bytes):
            data = source
        elif (data := _small_contents(source)) is None:
            self._send(key, source, sha256, Sending(tell), on_found or (lambda _count: None))
            return
        with self._explained(key):
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=data, Metadata=metadata_of(sha256))
        tell(len(data))

    def put_new(self, key: str, data: bytes) -> None:
        """See `ObjectStore.put_new`."""
        try:
            with contextlib.suppress(ObjectMissingError):  # not every server knows the condition below
                self.head(key)
                raise self._exists(key)
            with self._explained(key):
                self._put_if_none(key, data)
        except ObjectChangedError:
            raise self._exists(key) from None

    def holds(self, info: ObjectInfo, source: Path, sha256: str) -> bool:
        """By an ETag that is an MD5, else by the hash that `put` left there; see `ObjectStore.holds`."""
        if info.size_bytes != source.stat().st_size:
            return False
        in_parts = "-" in info.etag
        if not in_parts and has_md5_etag(source, info.etag):  # small files mostly: no request for each
            return True
        try:
            with self._explained(info.key):
                found = self._s3().head_object(Bucket=self._bucket, Key=info.key)
        except ObjectMissingError:
            return False
        if _unquoted(found["ETag"]) != info.etag:
            return False
        known = found["Metadata"].get(SHA256)
        return known == sha256 if known else in_parts and has_md5_etag(source, info.etag)

    def tidy(self, folder: str) -> None:
        """See `ObjectStore.tidy`."""
        with self._explained(folder):
            end_abandoned(self._s3(), self._bucket, folder)

    def close(self) -> None:
        """Cancel what is being sent, and give back the connections."""
        with self._client_lock:
            client, self._client = self._client, None
            getter, self._getter = self._getter, None
            sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
        if client is not None:
            client.close()
        if getter is not None:
            getter.close()

    def _asked(self, key: str, wanted: str, etag: str | None) -> tuple[str, str, "StreamingBody | Body"]:
        """ETag, range and body of the answer to a GET of the range `wanted`."""
        client = self._s3()
        getter = self._getter  # made with the client
        condition = {} if etag is None else {"If-Match": f'"{etag}"'}
        if getter and (quick := getter.get(key, {"Range": wanted, **condition})):
            headers, body = quick
            return headers.get("etag", ""), headers.get("content-range", ""), body
        request: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key, "Range": wanted}
        if etag is not None:
            request["IfMatch"] = f'"{etag}"'
        answer = client.get_object(**request)
        return answer["ETag"], answer.get("ContentRange", ""), answer["Body"]

    def _put_if_none(self, key: str, data: bytes) -> None:
        try:
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=data, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"].get("Code") != "NotImplemented":
                raise
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=data)

    def _send(
        self, key: str, source: Path, sha256: str | None, sending: Sending, on_found: Callable[[int], None]
    ) -> None:
        try:
            with self._explained(key), source.open("rb") as stream:
                size_bytes = os.fstat(stream.fileno()).st_size
                self._files().send(Outgoing(key, source, stream, size_bytes, sha256, sending, on_found))
        except RegistryError:
            if sending.refusal is not None:  # an OSError of the listener's is nothing to explain
                raise sending.refusal from None
            raise

    def _files(self) -> Sender:
        client = self._s3()
        with self._client_lock:
            if self._sender is None:
                self._sender = Sender(client, self._bucket, self.location, self._connections)
            return self._sender

    def _s3(self) -> "S3Client":
        with self._client_lock:
            if self._client is None:
                self._client, self._getter = _connect(self._bucket, self._connections)
            return self._client

    def _explained(self, key: str = "") -> AbstractContextManager[None]:
        return explained(self.location, self._endpoint, key)

    def _endpoint(self) -> str:
        """The server, without the credentials that its address may hold."""
        parts = urlsplit(self._client.meta.endpoint_url) if self._client else None
        if parts is None or parts.hostname is None:
            return "the S3 server"
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"

    def _exists(self, key: str) -> ObjectExistsError:
        return ObjectExistsError(f"{key} in {self.location} is there already and stays as it is.")


def has_opaque_etag(head: Mapping[str, object]) -> bool:
    """Whether the ETag is none of the contents, by the answer to a HEAD: with keys of KMS or of the customer."""
    by_kms = str(head.get("ServerSideEncryption", "")).startswith("aws:kms")
    return by_kms or "SSECustomerAlgorithm" in head


def _connect(bucket: str, connections: int) -> tuple["S3Client", RangeGetter | None]:
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
    session = boto3.session.Session(botocore_session=core)
    try:
        client = session.client("s3", config=_config(connections))
    except ValueError:  # its text may hold a password
        raise RegistryError(
            "AWS_ENDPOINT_URL is no address of a server. Write http://HOST:PORT or https://HOST."
        ) from None
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return client, None
    client.close()
    client = session.client("s3", config=_config(connections).merge(_OTHER_SERVER))
    credentials = session.get_credentials()
    if credentials is None:
        return client, None
    url = f"{client.meta.endpoint_url.rstrip('/')}/{bucket}/"
    timeouts = {"connect_timeout_s": CONNECT_TIMEOUT_S, "read_timeout_s": READ_TIMEOUT_S}
    return client, RangeGetter.of(core, credentials, url, client.meta.region_name, **timeouts)


def _config(connections: int) -> Config:
    return Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        user_agent_extra="reactor-local",
    )


_OTHER_SERVER = Config(
    s3={"addressing_style": "path"},  # a bucket's name in front of localhost has no address
    request_checksum_calculation="when_required",  # many servers don't know the ones that AWS added in 2025
    response_checksum_validation="when_required",
)


def _small_contents(source: Path) -> bytes | None:
    """The contents of a file that isn't worth a managed transfer; None: it is."""
    try:
        with source.open("rb") as file:
            return file.read() if os.fstat(file.fileno()).st_size <= _SMALL_BYTES else None
    except OSError as error:
        raise RegistryError(f"{source} can't be read: {error.strerror}.") from None


def _time(text: str) -> datetime:
    """Botocore's own way takes half of a listing, for forms of time that S3's isn't."""
    with contextlib.suppress(TypeError, ValueError):
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time
    return parse_timestamp(text)


def _unquoted(etag: str) -> str:
    return etag.strip('"')

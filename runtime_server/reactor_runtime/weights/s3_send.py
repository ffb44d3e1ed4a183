"""Files on their way into a bucket: whole, or in parts over several connections at once."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reactor_runtime.weights.errors import StoppedError
from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.s3_part import FilePart, Sending
from reactor_runtime.weights.s3_upload import RESUMED_BYTES, PartThere, Upload, part_bytes_of, told_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

SHA256 = "sha256"
"""Under this name in an object's metadata."""


def metadata_of(sha256: str | None) -> dict[str, str]:
    """Of an object whose contents have that hash, if it is known."""
    return {} if sha256 is None else {SHA256: sha256}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file to be sent, open.

    Parameters:
        on_found: told of bytes that an earlier upload left there.
    """

    key: str
    path: Path
    stream: BinaryIO
    size_bytes: int
    sha256: str | None
    sending: Sending
    on_found: Callable[[int], None]

    @property
    def metadata(self) -> dict[str, str]:
        """Of the object."""
        return metadata_of(self.sha256)

    def part(self, start: int, size_bytes: int) -> FilePart:
        """A piece of it; shorter at the end."""
        return FilePart(self.stream, self.path, start, min(size_bytes, self.size_bytes - start), self.sending)


class Sender:
    """Sends files to one bucket; for many threads. May raise what botocore raises.

    Parameters:
        connections: parts in flight, of all files together.
        location: of the bucket, for messages.
    """

    def __init__(self, client: "S3Client", bucket: str, location: str, connections: int) -> None:
        self._client = client
        self._bucket = bucket
        self._location = location
        self._connections = connections
        self._pool = ThreadPoolExecutor(connections, "send-part")
        self._sendings: set[Sending] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._current = threading.local()
        for operation in ("PutObject", "UploadPart"):
            client.meta.events.register(f"before-send.s3.{operation}", self._before_send)

    def send(self, file: Outgoing) -> None:
        """Store a file; see `ObjectStore.put`."""
        sending = file.sending
        with self._lock:
            if self._closed:
                raise self._stopped()
            self._sendings.add(sending)
        try:
            if file.size_bytes <= PART_BYTES:
                self._put(file)
            else:
                self._put_parts(file)
        except Exception:
            if sending.error is not None:  # what botocore made of it says less
                raise sending.error from None
            raise
        finally:
            with self._lock:
                self._sendings.discard(sending)

    def close(self) -> None:
        """End what is being sent, with StoppedError."""
        with self._lock:
            self._closed = True
            for each in self._sendings:
                each.fail(self._stopped())
        self._pool.shutdown()

    def _put(self, file: Outgoing) -> None:
        body = self._current.part = file.part(0, file.size_bytes)
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=file.key,
                Body=body,  # type: ignore[arg-type] # it has of a file what botocore uses
                Metadata=file.metadata,
            )
        finally:
            self._current.part = None

    def _put_parts(self, file: Outgoing) -> None:
        part_bytes = part_bytes_of(file.size_bytes)
        upload, there = self._upload(file, part_bytes)
        try:
            upload.complete(self._bring(file, upload, there, part_bytes))
        except BaseException:
            if upload.note is None:
                upload.abort()
            raise

    def _upload(self, file: Outgoing, part_bytes: int) -> tuple[Upload, Mapping[int, PartThere]]:
        """An upload of this file, and the parts that it has."""
        client, bucket, key = self._client, self._bucket, file.key
        if file.sha256 is None or file.size_bytes < RESUMED_BYTES or "/" not in key:
            return Upload.begin(client, bucket, key, file.metadata), {}
        found = Upload.find(client, bucket, key, sha256=file.sha256, part_bytes=part_bytes)
        if found:
            return found
        fresh = Upload.begin_noted(client, bucket, key, file.metadata, sha256=file.sha256, part_bytes=part_bytes)
        return fresh, {}

    def _bring(
        self, file: Outgoing, upload: Upload, there: Mapping[int, PartThere], part_bytes: int
    ) -> dict[int, "CompletedPartTypeDef"]:
        """Have all parts there; what is to be told of them, by their numbers."""
        numbers = deque(range(1, -(-file.size_bytes // part_bytes) + 1))
        told: dict[int, CompletedPartTypeDef] = {}

        def work() -> None:
            try:
                while numbers and file.sending.error is None:
                    number = numbers.popleft()
                    part = file.part((number - 1) * part_bytes, part_bytes)
                    told[number] = self._bring_part(file, upload, number, part, there.get(number))
            except IndexError:  # another thread took the last one
                pass
            except BaseException as error:  # noqa: BLE001 - raised by `send`
                file.sending.fail(error)

        wait([self._pool.submit(work) for _ in range(min(self._connections, len(numbers)))])
        if file.sending.error is not None:
            raise file.sending.error
        return told

    def _bring_part(
        self, file: Outgoing, upload: Upload, number: int, part: FilePart, there: PartThere | None
    ) -> "CompletedPartTypeDef":
        if there is not None and there.size_bytes == len(part) and there.md5 == part.md5():
            file.on_found(len(part))
            return there.told
        self._current.part = part
        try:
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=upload.key,
                UploadId=upload.upload_id,
                PartNumber=number,
                Body=part,  # type: ignore[arg-type] # it has of a file what botocore uses
            )
        finally:
            self._current.part = None
        return told_of(number, answer)

    def _before_send(self, **_event: object) -> None:
        """Called by botocore before each attempt; not with the body, which it may have wrapped."""
        part: FilePart | None = getattr(self._current, "part", None)
        if part is not None:
            part.begin()

    def _stopped(self) -> StoppedError:
        return StoppedError(f"sending was stopped: the registry {self._location} was closed.")

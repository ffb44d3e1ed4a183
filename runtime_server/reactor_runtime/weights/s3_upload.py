"""A large file on its way into a bucket, part by part, so that an upload that was interrupted goes on.

S3 keeps the parts of an unfinished upload, but not what they are parts of. A note in the bucket says that while the
upload lasts: `<Folder>/.reactor/uploads/<hash of the key>.json`. A part that is there is used if its ETag is the MD5 of
the part that would be sent; any other is sent again. Who completes an upload names the ETag of every part, so that the
server refuses it if somebody has replaced a part meanwhile.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.names import RESERVED

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

RESUMED_BYTES = 4 * PART_BYTES
"""Smaller files are sent again: a note takes two requests."""

_MOST_PARTS = 10_000  # S3's own limit
_ABANDONED = timedelta(days=1)
_NOTES = f"{RESERVED}/uploads"


class _Note(BaseModel):
    """Which upload of which contents is under way."""

    key: str
    sha256: str
    part_bytes: int
    upload_id: str


@dataclass(frozen=True, slots=True)
class PartThere:
    """A part that an upload has.

    Parameters:
        told: what has to be said of it to complete the upload.
    """

    size_bytes: int
    md5: str
    told: "CompletedPartTypeDef"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way to one key."""

    client: "S3Client"
    bucket: str
    key: str
    upload_id: str
    note: str | None = None
    """The key of its note; without one nobody can go on with it."""

    @classmethod
    def begin(cls, client: "S3Client", bucket: str, key: str, metadata: dict[str, str]) -> "Upload":
        """One that can't be gone on with."""
        begun = client.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata)
        return cls(client, bucket, key, begun["UploadId"])

    @classmethod
    def begin_noted(
        cls, client: "S3Client", bucket: str, key: str, metadata: dict[str, str], *, sha256: str, part_bytes: int
    ) -> "Upload":
        """One that can be gone on with, by whoever sends the same contents."""
        bare = cls.begin(client, bucket, key, metadata)
        note = _Note(key=key, sha256=sha256, part_bytes=part_bytes, upload_id=bare.upload_id)
        try:
            client.put_object(Bucket=bucket, Key=_note_key(key), Body=note.model_dump_json(indent=1).encode())
        except BaseException:
            bare.abort()
            raise
        return cls(client, bucket, key, bare.upload_id, _note_key(key))

    @classmethod
    def find(
        cls, client: "S3Client", bucket: str, key: str, *, sha256: str, part_bytes: int
    ) -> tuple["Upload", dict[int, PartThere]] | None:
        """An upload of the same contents that was interrupted, and its parts by their numbers; None if there is none.

        One of other contents is ended: nobody will go on with it.
        """
        note = _read_note(client, bucket, _note_key(key))
        if note is None or note.key != key:
            return None
        found = cls(client, bucket, key, note.upload_id, _note_key(key))
        if (note.sha256, note.part_bytes) != (sha256, part_bytes):
            found.abort()
            return None
        try:
            return found, dict(found._parts())
        except ClientError:  # it is gone, or we mayn't look
            found.abort()
            return None

    def complete(self, parts: Mapping[int, "CompletedPartTypeDef"]) -> None:
        """Make the parts, by their numbers, the object."""
        told = [parts[number] for number in sorted(parts)]
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=self.key, UploadId=self.upload_id, MultipartUpload={"Parts": told}
        )
        self._forget()

    def abort(self) -> None:
        """Have the server forget the parts, as far as it lets us."""
        with contextlib.suppress(BotoCoreError, ClientError):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self.upload_id)
        self._forget()

    def _forget(self) -> None:
        if self.note is not None:
            with contextlib.suppress(BotoCoreError, ClientError):  # it does no harm where it stays
                self.client.delete_object(Bucket=self.bucket, Key=self.note)

    def _parts(self) -> Iterator[tuple[int, PartThere]]:
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=self.key, UploadId=self.upload_id
        )
        for page in pages:
            for part in page.get("Parts", ()):
                number, etag = part["PartNumber"], part["ETag"]
                yield number, PartThere(part["Size"], etag.strip('"'), told_of(number, part))


def told_of(number: int, answer: Mapping[str, Any]) -> "CompletedPartTypeDef":
    """What completing an upload says of a part, from the server's answer about it: its ETag, and checksums if any."""
    checksums = {
        name: value for name, value in answer.items() if name.startswith("Checksum") and name != "ChecksumType"
    }
    told: CompletedPartTypeDef = {"PartNumber": number, "ETag": answer["ETag"], **checksums}  # type: ignore[typeddict-item]
    return told


def part_bytes_of(size_bytes: int) -> int:
    """How long the parts of a file are: `PART_BYTES`, or longer where that would be too many."""
    times = -(-size_bytes // (_MOST_PARTS * PART_BYTES))
    return PART_BYTES * max(1, times)


def end_abandoned(client: "S3Client", bucket: str, folder: str) -> None:
    """End the uploads into a weight folder that were begun a day ago or longer and have a note."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{folder}/{_NOTES}/")
    for page in pages:
        for entry in page.get("Contents", ()):
            note = _read_note(client, bucket, entry["Key"])
            if note is not None and datetime.now(UTC) - entry["LastModified"] > _ABANDONED:
                Upload(client, bucket, note.key, note.upload_id, entry["Key"]).abort()


def _note_key(key: str) -> str:
    return f"{key.partition('/')[0]}/{_NOTES}/{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _read_note(client: "S3Client", bucket: str, key: str) -> _Note | None:
    with contextlib.suppress(ClientError, ValidationError):
        return _Note.model_validate_json(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    return None

"""A large file's upload that was interrupted goes on, with what is certainly the same and nothing else."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from types_boto3_s3 import S3Client

from reactor_runtime.weights import s3_upload
from reactor_runtime.weights.errors import RegistryUnreachableError
from reactor_runtime.weights.index import PART_BYTES, index_of, load_index
from reactor_runtime.weights.s3_upload import Upload
from reactor_runtime.weights.store import ObjectStore, open_store
from reactor_runtime.weights.upload import upload_folder
from support.limits import PATIENCE_S
from support.s3_server import S3Server
from support.tcp_proxy import Fault, TcpProxy

PARTS = 5
KEY = "Large/model.bin"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "Large"
    folder.mkdir()
    (folder / "model.bin").write_bytes(os.urandom((PARTS - 1) * PART_BYTES + 17))
    return folder


@pytest.fixture
def client(s3_server: S3Server) -> S3Client:
    return s3_server.client()


def sha256_of(folder: Path) -> str:
    return hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()


def interrupted(client: S3Client, bucket: str, folder: Path, *parts: int, sha256: str | None = None) -> Upload:
    """An upload that has these parts, of the numbers from 1, and a note."""
    upload = Upload.begin_noted(
        client, bucket, KEY, {"sha256": "of its own"}, sha256=sha256 or sha256_of(folder), part_bytes=PART_BYTES
    )
    data = (folder / "model.bin").read_bytes()
    for number in parts:
        body = data[(number - 1) * PART_BYTES : number * PART_BYTES]
        client.upload_part(Bucket=bucket, Key=KEY, UploadId=upload.upload_id, PartNumber=number, Body=body)
    return upload


def unfinished(client: S3Client, bucket: str) -> list[str]:
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [each["Key"] for each in uploads]


def assert_whole(registry: ObjectStore, client: S3Client, bucket: str, folder: Path) -> None:
    """It is there, and nothing else."""
    data = (folder / "model.bin").read_bytes()
    assert b"".join(registry.read_range(KEY, 0, len(data))) == data
    assert load_index(registry, "Large") == index_of(folder)
    assert unfinished(client, bucket) == []
    assert {info.key for info in registry.list("")} == {KEY, "Large/.reactor/index.json"}


def test_an_upload_whose_connections_broke_goes_on_where_it_was(
    proxy: TcpProxy, client: S3Client, bucket: str, folder: Path
) -> None:
    size_bytes = (folder / "model.bin").stat().st_size
    # Each of three connections can carry one large part, of four.
    proxy.faults = lambda number: Fault(cut_up_after=3 * PART_BYTES // 2) if number < 3 else Fault(refuse=True)
    with closing(open_store(bucket)) as registry, pytest.raises(RegistryUnreachableError):
        upload_folder(registry, folder, "Large")
    proxy.faults = lambda _number: Fault()
    before_bytes = proxy.up_bytes
    with closing(open_store(bucket)) as registry:
        done = upload_folder(registry, folder, "Large")
        assert proxy.up_bytes - before_bytes < done.sent_bytes + PART_BYTES // 2
        assert_whole(registry, client, bucket, folder)
    assert done.found_bytes >= PART_BYTES
    assert done.sent_bytes + done.found_bytes == size_bytes


def test_an_upload_that_was_killed_in_the_middle_of_a_file_goes_on(
    registry: ObjectStore, client: S3Client, s3_server: S3Server, bucket: str, folder: Path
) -> None:
    script = (
        "import sys; from pathlib import Path; from reactor_runtime.weights.store import open_store;"
        "from reactor_runtime.weights.upload import upload_folder;"
        "upload_folder(open_store(sys.argv[1]), Path(sys.argv[2]), 'Large')"
    )
    with TcpProxy(s3_server.port, lambda number: Fault(delay_s=1.0) if number else Fault()) as proxy:
        environment = os.environ | s3_server.environment(proxy.port)
        process = subprocess.Popen([sys.executable, "-c", script, bucket, str(folder)], env=environment)
        deadline_s = time.monotonic() + PATIENCE_S
        while proxy.up_bytes < 3 * PART_BYTES and time.monotonic() < deadline_s:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_S)
    assert unfinished(client, bucket) == [KEY]
    upload_folder(registry, folder, "Large")
    assert_whole(registry, client, bucket, folder)


def test_what_is_there_is_not_sent_again(registry: ObjectStore, client: S3Client, bucket: str, folder: Path) -> None:
    interrupted(client, bucket, folder, 1, 3, PARTS)
    done = upload_folder(registry, folder, "Large")
    assert (done.found_bytes, done.sent_bytes) == (2 * PART_BYTES + 17, 2 * PART_BYTES)
    assert_whole(registry, client, bucket, folder)


def test_a_part_with_other_bytes_is_sent_again(
    registry: ObjectStore, client: S3Client, bucket: str, folder: Path
) -> None:
    upload = interrupted(client, bucket, folder, 1, 2)
    other = os.urandom(PART_BYTES)
    client.upload_part(Bucket=bucket, Key=KEY, UploadId=upload.upload_id, PartNumber=2, Body=other)
    assert upload_folder(registry, folder, "Large").found_bytes == PART_BYTES
    assert_whole(registry, client, bucket, folder)


def test_an_upload_of_other_contents_is_ended(
    registry: ObjectStore, client: S3Client, bucket: str, folder: Path
) -> None:
    interrupted(client, bucket, folder, 1, 2, sha256="0" * 64)
    assert upload_folder(registry, folder, "Large").found_bytes == 0
    assert_whole(registry, client, bucket, folder)
    assert client.head_object(Bucket=bucket, Key=KEY)["Metadata"] == {"sha256": sha256_of(folder)}


def test_a_note_of_an_upload_that_is_gone_is_replaced(
    registry: ObjectStore, client: S3Client, bucket: str, folder: Path
) -> None:
    upload = interrupted(client, bucket, folder, 1)
    client.abort_multipart_upload(Bucket=bucket, Key=KEY, UploadId=upload.upload_id)
    assert upload_folder(registry, folder, "Large").found_bytes == 0
    assert_whole(registry, client, bucket, folder)


def test_uploads_that_nobody_goes_on_with_are_ended_after_a_day(
    registry: ObjectStore, client: S3Client, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(client, bucket, folder, 1)
    (folder / "model.bin").rename(folder / "other.bin")
    upload_folder(registry, folder, "Large")
    assert unfinished(client, bucket) == [KEY]
    monkeypatch.setattr(s3_upload, "_ABANDONED", timedelta(0))
    upload_folder(registry, folder, "Large")
    assert unfinished(client, bucket) == []
    assert {info.key for info in registry.list("")} == {"Large/other.bin", "Large/.reactor/index.json"}


def test_an_upload_of_another_program_is_left_alone(
    registry: ObjectStore, client: S3Client, bucket: str, folder: Path
) -> None:
    client.create_multipart_upload(Bucket=bucket, Key=KEY)
    upload_folder(registry, folder, "Large")
    assert unfinished(client, bucket) == [KEY]


def test_the_command_says_what_it_found(client: S3Client, s3_server: S3Server, bucket: str, folder: Path) -> None:
    interrupted(client, bucket, folder, 1, 2)
    done = subprocess.run(
        [sys.executable, "-m", "reactor_cli", "upload", "--weights", str(folder), "--bucket", bucket],
        env=os.environ | s3_server.environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
    )
    assert "1 file sent (17 MB; 17 MB were there from an interrupted upload)" in done.stdout

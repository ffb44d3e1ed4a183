"""What the user is told when S3 doesn't give what is asked for: place, finding, next step, and never a secret."""

import builtins
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reactor_runtime.weights import s3
from reactor_runtime.weights.errors import (
    AccessDeniedError,
    CredentialsMissingError,
    ObjectMissingError,
    RegistryError,
    RegistryUnreachableError,
    StoppedError,
)
from reactor_runtime.weights.store import ObjectStore, open_store
from support.ports import free_ports
from support.tcp_proxy import Fault, TcpProxy

PART = 8 * 1024 * 1024
SECRET = "a-secret-that-nobody-may-see"


def failure(bucket: str, kind: type[RegistryError]) -> str:
    store = open_store(bucket)
    with pytest.raises(kind) as caught:
        list(store.list("F/"))
    store.close()
    assert caught.value.__suppress_context__  # what boto3 raised may quote anything
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_no_credentials_are_told_with_what_to_set(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    text = failure(bucket, CredentialsMissingError)
    assert f"s3://{bucket} at http://127.0.0.1:" in text
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in text


def test_half_of_the_credentials_is_told(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "AWS_SECRET_ACCESS_KEY is missing" in failure(bucket, CredentialsMissingError)


def test_a_profile_that_is_not_there_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    assert "'no-such-profile'" in failure(bucket, CredentialsMissingError)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("AWS_ACCESS_KEY_ID", "doesn't know this access key"), ("AWS_SECRET_ACCESS_KEY", "Check AWS_SECRET_ACCESS_KEY")],
)
def test_wrong_credentials_are_denied(bucket: str, monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    monkeypatch.setenv(name, SECRET)
    assert hint in failure(bucket, AccessDeniedError)


def test_nobody_at_the_address_is_unreachable(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:{SECRET}@127.0.0.1:{port}")
    text = failure(bucket, RegistryUnreachableError)
    assert f"no complete answer from http://127.0.0.1:{port} about s3://{bucket}: Connection refused." in text
    assert "AWS_ENDPOINT_URL" in text


def test_a_name_that_nobody_knows_is_unreachable(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://no-such-host.invalid")
    assert "from http://no-such-host.invalid about" in failure(bucket, RegistryUnreachableError)


def test_a_server_that_hangs_up_is_unreachable(bucket: str, proxy: TcpProxy) -> None:
    proxy.faults = lambda _number: Fault(refuse=True)
    assert f"from http://127.0.0.1:{proxy.port} about" in failure(bucket, RegistryUnreachableError)


def test_an_address_that_is_none_is_said(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")
    assert "Write http://HOST:PORT" in failure(bucket, RegistryError)


def test_a_server_that_says_nothing_is_given_up(
    bucket: str, monkeypatch: pytest.MonkeyPatch, proxy: TcpProxy, registry: ObjectStore
) -> None:
    monkeypatch.setattr(s3, "READ_TIMEOUT_S", 0.2)
    registry.put("a", bytes(100))
    proxy.faults = lambda _number: Fault(stall_after=50)
    with pytest.raises(RegistryUnreachableError, match=r"a in s3://.*: no answer in time"):
        list(open_store(bucket).read_range("a", 0, 100))


@pytest.mark.parametrize("fault", [Fault(cut_after=PART // 2), Fault(end_after=PART // 2)])
def test_a_connection_that_breaks_in_a_body_is_told_after_what_came(
    registry: ObjectStore, proxy: TcpProxy, fault: Fault
) -> None:
    data = os.urandom(PART)
    registry.put("a", data)
    proxy.cut_all()  # the one of the put
    proxy.faults = lambda _number: fault
    got = b""
    with pytest.raises(RegistryUnreachableError, match="the connection broke"):
        for chunk in registry.read_range("a", 0, PART):
            got += chunk
    assert data.startswith(got)


def test_a_connection_that_breaks_before_the_answer_is_tried_again(registry: ObjectStore, proxy: TcpProxy) -> None:
    proxy.faults = lambda number: Fault(refuse=number == 0)
    registry.put("a", b"1")
    assert registry.head("a").size_bytes == 1
    assert proxy.connections >= 2


def test_a_range_is_one_request(registry: ObjectStore, proxy: TcpProxy) -> None:
    registry.put("a", b"12345")
    before = proxy.requests
    assert b"".join(registry.read_range("a", 1, 4)) == b"234"
    assert proxy.requests - before == 1


@pytest.mark.parametrize("key", ["with space/+plus", "percent%20/äö", "tilde~/a=b&c?d#e", "(brackets)/it's,*"])
def test_a_key_with_odd_characters_is_asked_for_in_one_request(
    registry: ObjectStore, proxy: TcpProxy, key: str
) -> None:
    registry.put(key, b"12345")
    before = proxy.requests
    assert b"".join(registry.read_range(key, 0, 5)) == b"12345"
    assert proxy.requests - before == 1


def test_a_range_whose_connection_breaks_before_the_answer_is_tried_again(
    registry: ObjectStore, proxy: TcpProxy
) -> None:
    registry.put("a", b"12345")
    first = proxy.connections
    proxy.cut_all()
    proxy.faults = lambda number: Fault(refuse=number == first)
    assert b"".join(registry.read_range("a", 0, 5)) == b"12345"
    assert proxy.connections >= first + 2


def test_an_upload_goes_on_over_connections_that_break(registry: ObjectStore, proxy: TcpProxy, tmp_path: Path) -> None:
    data = os.urandom(2 * PART + 1)
    (tmp_path / "large").write_bytes(data)
    proxy.faults = lambda number: Fault(cut_up_after=PART // 2) if number in {0, 2} else Fault()
    counted: list[int] = []
    registry.put("large", tmp_path / "large", on_bytes=counted.append)
    assert b"".join(registry.read_range("large", 0, len(data))) == data
    assert sum(counted) == len(data)


def test_a_listing_is_one_request_for_each_thousand(registry: ObjectStore, proxy: TcpProxy) -> None:
    registry.put("Folder/a", b"1")
    registry.put("Other/a", b"1")
    before = proxy.requests
    assert [info.key for info in registry.list("Folder/")] == ["Folder/a"]
    assert proxy.requests - before == 1


def test_closing_a_registry_stops_what_is_being_sent(registry: ObjectStore, proxy: TcpProxy, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(8 * PART))
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(registry.put, "large", tmp_path / "large", on_bytes=lambda _count: begun.set())
        assert begun.wait(30)
        registry.close()
        with pytest.raises(StoppedError, match="was closed"):
            sending.result(60)
    with pytest.raises(ObjectMissingError):
        registry.head("large")


def test_without_boto3_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the builtin's own name
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        if name == "reactor_runtime.weights.s3":
            raise ModuleNotFoundError("No module named 'boto3'", name="boto3")
        return original(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RegistryError, match=r"needs boto3, which isn't installed: pip install 'reactor-local\[s3\]'"):
        open_store("some-bucket")


def test_opening_a_registry_asks_nobody_anything(bucket: str, proxy: TcpProxy) -> None:
    open_store(bucket).close()
    assert proxy.connections == 0

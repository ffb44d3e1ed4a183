import sys
from types import SimpleNamespace

import pytest

from reactor_runtime.worker.debugger import HOST_VARIABLE, PORT_VARIABLE, listen_if_wanted


def test_nothing_happens_unasked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(PORT_VARIABLE, raising=False)
    listen_if_wanted()
    assert capsys.readouterr() == ("", "")


def test_the_debugger_listens_on_loopback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setitem(sys.modules, "debugpy", SimpleNamespace(listen=asked.append))
    monkeypatch.setenv(PORT_VARIABLE, "5678")
    listen_if_wanted()
    assert asked == [("127.0.0.1", 5678)]
    assert "127.0.0.1:5678" in capsys.readouterr().err


def test_in_a_container_the_debugger_may_listen_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setitem(sys.modules, "debugpy", SimpleNamespace(listen=asked.append))
    monkeypatch.setenv(PORT_VARIABLE, "5678")
    monkeypatch.setenv(HOST_VARIABLE, "0.0.0.0")  # noqa: S104 - asked for
    listen_if_wanted()
    assert asked == [("0.0.0.0", 5678)]  # noqa: S104


def test_a_debugger_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "debugpy", None)
    monkeypatch.setenv(PORT_VARIABLE, "5678")
    listen_if_wanted()
    assert "no debugger on port 5678" in capsys.readouterr().err

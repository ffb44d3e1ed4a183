import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from reactor_cli.doctor.clock import check_clock, judge, time_sources
from reactor_cli.doctor.surroundings import Surroundings
from support.doctor import around, only
from support.ports import free_ports


@contextmanager
def server_that_is_ahead_by(ahead: timedelta) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)  # what a registry answers to strangers
            self.end_headers()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(datetime.now(UTC) + ahead, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def with_endpoint(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return around(tmp_path)


def test_a_registry_with_our_time_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with server_that_is_ahead_by(timedelta()) as url:
        finding = only(check_clock(with_endpoint(tmp_path, url, monkeypatch)))
    assert (finding.severity, finding.message) == ("ok", "agrees with 127.0.0.1")


def test_a_clock_that_is_minutes_behind_the_registry_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server_that_is_ahead_by(timedelta(minutes=10)) as url:
        finding = only(check_clock(with_endpoint(tmp_path, url, monkeypatch)))
    assert finding.severity == "error"
    assert " s behind 127.0.0.1" in finding.message
    assert "timedatectl" in finding.remedy


def test_a_silent_server_says_nothing_about_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert only(check_clock(with_endpoint(tmp_path, url, monkeypatch))).severity == "info"


@pytest.mark.parametrize(
    ("skew_s", "severity"), [(0, "ok"), (-4, "ok"), (20, "warning"), (-59, "warning"), (60, "error"), (-3600, "error")]
)
def test_half_a_minute_is_a_warning_and_a_minute_an_error(skew_s: float, severity: str) -> None:
    assert judge("registry", skew_s).severity == severity


def test_nobody_is_asked_for_the_time_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    assert time_sources(around(tmp_path)) == []
    assert time_sources(around(tmp_path, bucket="file:///models")) == []
    assert time_sources(around(tmp_path, bucket="mine")) == ["https://s3.amazonaws.com"]
    assert time_sources(around(tmp_path, bucket="mine", offline=True)) == []

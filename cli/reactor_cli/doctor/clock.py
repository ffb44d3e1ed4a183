"""Whether the clock is right: tokens and signed requests are refused when it isn't."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.http import ask, host_of
from reactor_cli.doctor.registry import is_named
from reactor_cli.doctor.surroundings import Surroundings

_TOLERATED_S = 5.0  # the header has whole seconds, the answer its way
_TOKEN_SKEW_S = 60.0  # LiveKit's tolerance for a token's times
_DAY_S = 86_400.0
_REMEDY = "Set the clock: `timedatectl set-ntp true`, or restart the virtual machine, whose clock may have stood still."


def check_clock(around: Surroundings) -> Iterator[Finding]:
    """Compare with the registry and the given LiveKit server, where there are any."""
    installed_s = Path(__file__).stat().st_mtime
    if time.time() < installed_s - _DAY_S:
        when = datetime.fromtimestamp(installed_s, UTC)
        yield Finding("error", f"the clock is before {when:%Y-%m-%d}, when this program was installed", _REMEDY)
        return
    urls = time_sources(around)
    if not urls:
        yield ok(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; no server is asked for the time")
    for url in urls:
        yield _compared(url)


def time_sources(around: Surroundings) -> list[str]:
    """Return the servers that must agree with us about the time."""
    settings, variables = around.settings, around.variables
    urls = []
    if not settings.offline and not settings.bucket.startswith("file:"):
        endpoint = variables.get("AWS_ENDPOINT_URL_S3") or variables.get("AWS_ENDPOINT_URL")
        urls += [endpoint] if endpoint else ["https://s3.amazonaws.com"] if is_named(around) else []
    if settings.livekit_url:
        urls.append(settings.livekit_url)
    return urls


def judge(server: str, skew_s: float) -> Finding:
    """Say what a difference means; positive: we are ahead."""
    if abs(skew_s) <= _TOLERATED_S:
        return ok(f"agrees with {server}")
    way = "ahead of" if skew_s > 0 else "behind"
    what = f"the clock is {abs(skew_s):.0f} s {way} {server}; tokens are refused from {_TOKEN_SKEW_S:.0f} s on"
    return Finding("error" if abs(skew_s) >= _TOKEN_SKEW_S else "warning", what, _REMEDY)


def _compared(url: str) -> Finding:
    server = host_of(url)
    before_s = time.time()
    try:
        then = parsedate_to_datetime(ask("HEAD", url).headers["date"])
    except (OSError, KeyError, ValueError):
        return Finding("info", f"{server} doesn't tell the time")
    return judge(server, (before_s + time.time()) / 2 - then.timestamp())

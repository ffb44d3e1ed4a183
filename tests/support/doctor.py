"""Surroundings for `reactor doctor`'s checks."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reactor_cli.doctor.finding import Finding
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.settings import RunSettings
from support.ports import free_ports

PORTS = ("coordinator_port", "runtime_port", "livekit_port", "media_tcp_port", "media_udp_port")


def around(folder: Path, *, model: Path | None = None, problem: str = "", **settings: Any) -> Surroundings:
    """Caches below `folder`, free ports, and the settings given."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return Surroundings(
        settings=RunSettings(**(ports | settings)),
        variables=dict(os.environ),
        cache=folder / "cache",
        weights=folder / "weights",
        model=model,
        problem=problem,
    )


def only(findings: Iterable[Finding]) -> Finding:
    """The one finding there is."""
    (finding,) = findings
    return finding


def severities(findings: Iterable[Finding]) -> list[str]:
    """In their order."""
    return [finding.severity for finding in findings]

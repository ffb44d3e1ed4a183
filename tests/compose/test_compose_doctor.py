"""`reactor doctor --compose` on a real stack."""

import asyncio
import json
import sys
from typing import Any

import pytest

from support.compose import ROOT, ComposeStack
from support.limits import PATIENCE_S

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]


async def doctor(environment: dict[str, str]) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "reactor_cli", "doctor", "--compose", "--json"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(2 * PATIENCE_S):
        said, _ = await process.communicate()
    return json.loads(said)


async def test_a_stack_that_is_well_has_nothing_to_complain_of(stage: ComposeStack) -> None:
    report = await doctor(stage.compose.variables_of_compose())
    assert [(finding["check"], finding["severity"]) for finding in report["findings"]] == [
        ("engine", "ok"),
        ("containers", "ok"),
        ("coordinator", "ok"),
        ("joining", "ok"),
        ("media", "ok"),
    ], report


async def test_where_nothing_runs_it_says_how_to_start(stage: ComposeStack) -> None:
    report = await doctor(stage.compose.variables_of_compose() | {"COMPOSE_PROJECT_NAME": "reactor-test-nothing"})
    (containers,) = [finding for finding in report["findings"] if finding["check"] == "containers"]
    assert containers["message"] == "nothing runs"
    assert "docker compose up" in containers["remedy"]
    assert not report["ok"]

"""PyTorch and the graphics card, asked in a child process: importing torch here would cost seconds and gigabytes."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from reactor_cli.doctor.finding import Finding, ok
from reactor_cli.doctor.surroundings import Surroundings

_IMPORT_S = 25.0  # 2 s warm; a cold network disk takes longer
_DRIVER_S = 8.0


class Device(BaseModel):
    """A card as torch sees it."""

    name: str
    memory_bytes: int


class TorchReport(BaseModel):
    """What `torch_probe` prints.

    Args:
        error: Why torch can't be imported, or can't compute on the card.
        cuda: The CUDA version torch was built for; None: without CUDA.
    """

    error: str | None = None
    version: str = ""
    cuda: str | None = None
    metal: bool = False
    devices: list[Device] = []


@dataclass(frozen=True, slots=True)
class Driver:
    """What `nvidia-smi` says; `problem` where it is there and fails."""

    cards: tuple[str, ...] = ()
    version: str = ""
    problem: str = ""


def check_torch(_around: Surroundings) -> Iterator[Finding]:
    """Whether torch works, and uses the card that is there."""
    driver = ask_driver()
    if driver.problem:
        yield Finding("warning", f"nvidia-smi: {driver.problem}", "Install or restart NVIDIA's driver.")
    if importlib.util.find_spec("torch") is None:
        card = f"; there is a {driver.cards[0]}" if driver.cards else ""
        yield Finding("info", f"PyTorch isn't installed: only models that use it need it{card}")
        return
    yield judge(ask_torch(), driver)


def judge(report: TorchReport | str, driver: Driver) -> Finding:
    """Compare what torch and the driver say; a string is why torch said nothing."""
    if isinstance(report, str):
        return Finding("warning", f"PyTorch: {report}", f"Try it: {sys.executable} -c 'import torch'")
    if report.error:
        return _broken(report, report.error)
    name = f"PyTorch {report.version}"
    if report.devices:
        cards = ", ".join(f"{card.name} ({card.memory_bytes / 1e9:.0f} GB)" for card in report.devices)
        return ok(f"{name} with CUDA {report.cuda} on {cards}, driver {driver.version or 'unknown'}")
    if driver.cards:
        return _unused(report, driver)
    return ok(f"{name}, on {'Metal' if report.metal else 'the CPU: no NVIDIA card here'}")


def _broken(report: TorchReport, why: str) -> Finding:
    if report.version:
        what = f"PyTorch {report.version} sees a card but can't compute on it: {why}"
        return Finding("error", what, "Install a build for this card and driver: https://pytorch.org/get-started")
    return Finding(
        "error",
        f"PyTorch is installed but can't be imported: {why}",
        f"Install it again: {sys.executable} -m pip install --force-reinstall torch",
    )


def _unused(report: TorchReport, driver: Driver) -> Finding:
    card = driver.cards[0]
    if report.cuda is None:
        return Finding(
            "warning",
            f"PyTorch {report.version} was built without CUDA, and there is a {card}: models run on the CPU",
            "Install a build with CUDA: https://pytorch.org/get-started",
        )
    return Finding(
        "warning",
        f"PyTorch {report.version} (CUDA {report.cuda}) can't use the {card} with driver {driver.version}",
        "The driver may be too old for this CUDA: update it, or install a PyTorch for an older CUDA. "
        "CUDA_VISIBLE_DEVICES may hide the card.",
    )


def ask_torch() -> TorchReport | str:
    """Let a child import torch; a string says why there is no report."""
    command = [sys.executable, "-P", "-m", "reactor_cli.doctor.torch_probe"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_IMPORT_S,
            check=False,
            cwd=tempfile.gettempdir(),
        )
    except subprocess.TimeoutExpired:
        return f"`import torch` took longer than {_IMPORT_S:.0f} s"
    try:
        return TorchReport.model_validate(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, ValidationError):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"`import torch` ended with {done.returncode}: {said[-1] if said else 'without a word'}"


def ask_driver() -> Driver:
    """Ask `nvidia-smi`, where there is one."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Driver()
    command = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_DRIVER_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Driver(problem=str(error))
    said = done.stdout.decode(errors="replace").strip().splitlines()
    if done.returncode or not said:
        return Driver(problem=said[0] if said else f"ended with {done.returncode}")
    cards = [line.rpartition(",") for line in said]
    return Driver(tuple(name.strip() for name, _, _ in cards), cards[0][2].strip())

import os
from pathlib import Path

import pytest

from reactor_cli.doctor import torch as doctor_torch
from reactor_cli.doctor.torch import Device, Driver, TorchReport, check_torch, judge
from support.doctor import around, only

_CARD = Driver(("NVIDIA H200",), "570.1")
_WORKING = """
__version__ = "2.9.0"
class version: cuda = None
class _No:
    def is_available(self): return False
class backends: mps = _No()
cuda = _No()
"""


@pytest.fixture
def no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing on PATH; returns the folder that is."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Make a module `torch` that the child imports."""
    (folder / "torch.py").write_text(code)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


def said(tmp_path: Path) -> tuple[str, str]:
    finding = only(check_torch(around(tmp_path)))
    return finding.severity, finding.message


def test_a_torch_that_works_is_told_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_driver: Path
) -> None:
    pretend(monkeypatch, tmp_path, _WORKING)
    assert said(tmp_path) == ("ok", "PyTorch 2.9.0, on the CPU: no NVIDIA card here")


def test_a_torch_that_cannot_be_imported_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_driver: Path
) -> None:
    pretend(monkeypatch, tmp_path, "raise ImportError('libcudart.so.12: no such file')")
    severity, message = said(tmp_path)
    assert severity == "error"
    assert "libcudart.so.12" in message


def test_a_torch_that_kills_its_process_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_driver: Path
) -> None:
    pretend(monkeypatch, tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    severity, message = said(tmp_path)
    assert severity == "warning"
    assert "ended with -4" in message


def test_a_torch_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_driver: Path) -> None:
    monkeypatch.setattr(doctor_torch, "_IMPORT_S", 1.0)
    pretend(monkeypatch, tmp_path, "import time; time.sleep(600)")
    severity, message = said(tmp_path)
    assert severity == "warning"
    assert "took longer than 1 s" in message


def test_a_driver_that_fails_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_driver: Path) -> None:
    pretend(monkeypatch, tmp_path, _WORKING)
    program = no_driver / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18\n")
    program.chmod(0o755)
    driver, _torch = check_torch(around(tmp_path))
    assert driver.severity == "warning"
    assert "version mismatch" in driver.message


@pytest.mark.parametrize(
    ("report", "driver", "severity", "words"),
    [
        (TorchReport(version="2.9", cuda=None), _CARD, "warning", "built without CUDA, and there is a NVIDIA H200"),
        (TorchReport(version="2.9", cuda="13.0"), _CARD, "warning", "can't use the NVIDIA H200 with driver 570.1"),
        (TorchReport(version="2.9", cuda="12.8"), Driver(), "ok", "no NVIDIA card here"),
        (TorchReport(version="2.9", metal=True), Driver(), "ok", "Metal"),
        (
            TorchReport(version="2.9", cuda="12.8", devices=[Device(name="NVIDIA H200", memory_bytes=150 * 10**9)]),
            _CARD,
            "ok",
            "PyTorch 2.9 with CUDA 12.8 on NVIDIA H200 (150 GB), driver 570.1",
        ),
        (TorchReport(version="2.9", cuda="12.8", error="no kernel image"), _CARD, "error", "no kernel image"),
    ],
)
def test_torch_and_driver_are_compared(report: TorchReport, driver: Driver, severity: str, words: str) -> None:
    finding = judge(report, driver)
    assert finding.severity == severity
    assert words in finding.message

"""Which torch the development environment gets: PyPI's for Linux brings 3 GB of CUDA that most machines can't use."""

import contextlib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "environment.py"
Calls = list[tuple[str, ...]]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, on Linux without an NVIDIA driver, with an index that answers."""
    spec = importlib.util.spec_from_file_location("environment_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(module, "urlopen", lambda _url, timeout: contextlib.nullcontext())
    return module


@pytest.fixture
def calls(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Calls:
    made: Calls = []

    def run(*command: str) -> bool:
        made.append(command)
        return True

    monkeypatch.setattr(environment, "run", run)
    return made


def test_without_a_gpu_torch_comes_from_the_index_of_cpu_wheels_first(environment: ModuleType, calls: Calls) -> None:
    assert environment.add("dev", "pip", "install")
    first, second = calls
    assert first == ("pip", "install", "--index-url", "https://download.pytorch.org/whl/cpu", "torch")
    assert second[:3] == ("pip", "install", "-e")
    assert second[3].endswith("[dev]")


def test_what_users_install_has_no_torch(environment: ModuleType, calls: Calls) -> None:
    assert environment.add("all", "pip", "install")
    assert [command[2] for command in calls] == ["-e"]


def test_with_an_nvidia_driver_torch_comes_from_pypi(
    environment: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "nvidia-smi" else None)
    assert environment.add("dev", "pip", "install")
    assert len(calls) == 1


@pytest.mark.parametrize("error", [TimeoutError("slow"), ConnectionRefusedError("no"), OSError("no such host")])
def test_when_the_index_does_not_answer_torch_comes_from_pypi(
    environment: ModuleType, calls: Calls, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def urlopen(_url: str, **_options: Any) -> None:
        raise error

    monkeypatch.setattr(environment, "urlopen", urlopen)
    assert environment.add("dev", "pip", "install")
    assert len(calls) == 1


def test_when_the_cpu_wheel_fails_the_rest_is_installed_all_the_same(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "run", lambda *command: "--index-url" not in command)
    assert environment.add("dev", "pip", "install")
    assert "taking the large one" in capsys.readouterr().err

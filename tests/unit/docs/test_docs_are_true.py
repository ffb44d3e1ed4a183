"""What the documentation says about names and messages, held against the code."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, get_args

import pytest

from reactor_cli.settings import RunSettings, flag
from reactor_coordinator.settings import Settings as CoordinatorSettings
from reactor_protocol.application import parse_command, parse_message_to_client
from reactor_protocol.capabilities import Capabilities
from reactor_protocol.frontend import EndReason, ErrorCode, UnknownMessage, parse_client_message, parse_server_message
from reactor_protocol.manifest import Manifest
from reactor_runtime.manifest import ManifestError, load_manifest
from reactor_runtime.server.settings import Settings as RuntimeSettings

DOCS = Path(__file__).parents[3] / "docs"
SECRET = {"livekit_api_key", "livekit_api_secret", "livekit_key_file", "runtime_key", "runtime_key_file"}
"""Without a flag."""


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def transcript() -> list[dict[str, Any]]:
    block = page("contract").split("<!-- golden", 1)[1].split("```json\n", 1)[1].split("```", 1)[0]
    return [json.loads(line) for line in block.splitlines()]


@pytest.mark.parametrize("line", transcript(), ids=lambda line: f"{line['from']} on {line['on']}")
def test_the_transcript_follows_the_protocol(line: dict[str, Any]) -> None:
    text = json.dumps(line["message"])
    match line["on"], line["from"]:
        case "ws", "client":
            parsed = parse_client_message(text)
            assert isinstance(parsed, UnknownMessage) == (line["message"]["type"] == "ping")
        case "ws", "coordinator":
            assert parse_server_message(text).type == line["message"]["type"]
        case "room", "client":
            assert parse_command(text).name in {"requestCapabilities", "set_palette"}
        case _:
            assert parse_message_to_client(text).type == line["message"]["type"]


def test_the_capabilities_in_the_transcript_are_capabilities() -> None:
    (answer,) = [line["message"]["data"] for line in transcript() if "commands" in line["message"]["data"]]
    Capabilities.model_validate_json(json.dumps(answer))


def test_every_end_reason_and_error_code_is_on_the_contract_page() -> None:
    text = page("contract")
    missing = [name for name in (*get_args(ErrorCode), *get_args(EndReason)) if f"`{name}`" not in text]
    assert missing == []


def test_every_setting_of_reactor_run_has_its_row() -> None:
    rows = [line for line in page("settings").splitlines() if line.startswith("|")]
    for field in RunSettings.model_fields:
        wanted = (
            f"`{flag(field)}`" if field not in SECRET else field.upper().replace("RUNTIME_KEY", "REACTOR_RUNTIME_KEY")
        )
        assert any(wanted in row for row in rows), wanted


@pytest.mark.parametrize("settings", [CoordinatorSettings, RuntimeSettings])
def test_every_setting_of_a_process_is_named(settings: Any) -> None:
    missing = [
        name for name in settings.model_fields if name not in SECRET and f"{flag(name)}`" not in page("settings")
    ]
    assert missing == []


def test_the_settings_page_names_no_setting_that_is_not_there() -> None:
    known = {flag(name) for cls in (RunSettings, CoordinatorSettings, RuntimeSettings) for name in cls.model_fields}
    named = set(re.findall(r"`(--[a-z-]+)`", page("settings")))
    assert named - known <= {"--port"}


def test_defaults_of_numbers_are_as_on_the_page() -> None:
    for line in page("settings").splitlines():
        found = re.match(r"\| `(--[a-z-]+)`.* \| (\d+) \| ", line)
        if found:
            field = found[1].removeprefix("--").replace("-", "_")
            cls = RunSettings if field in RunSettings.model_fields else CoordinatorSettings
            assert cls.model_fields[field].default == float(found[2]), field


def test_every_key_of_the_manifest_has_its_row() -> None:
    text = page("manifest")
    keys = [field.alias or name for name, field in Manifest.model_fields.items()]
    assert [key for key in keys if f"| `{key}` |" not in text] == []


@pytest.mark.parametrize("name", ["writing-a-model", "manifest"])
def test_the_manifest_on_the_page_is_one(name: str) -> None:
    manifests = re.findall(r"```json\n(.*?)```", page(name), re.DOTALL)
    assert len(manifests) == 1
    Manifest.model_validate_json(manifests[0])


def rows_of_messages() -> list[tuple[str, str]]:
    """(What is written, the message) of each row."""
    table = page("manifest").split("| written | message |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(.*?)` \| (.*) \|$", table, re.MULTILINE)


@pytest.mark.parametrize(("written", "message"), rows_of_messages(), ids=lambda text: text[:30])
def test_each_message_on_the_page_is_what_is_said(tmp_path: Path, written: str, message: str) -> None:
    good = {"reactor-runtime": "0.0.4", "class": "a:B", "model_name": "m", "model_version": "1.0.0"}
    (tmp_path / "manifest.json").write_text(json.dumps({**good, **json.loads(f"{{{written}}}")}))
    with pytest.raises(ManifestError) as refusal:
        load_manifest(tmp_path)
    assert message.removesuffix("…") in refusal.value.message


def describe(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "reactor_runtime.worker.describe", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_models_on_the_page_load_as_they_stand(tmp_path: Path) -> None:
    text = page("writing-a-model")
    smallest, commands, _camera, test = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "manifest.json").write_text(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])
    (tmp_path / "model_hello.py").write_text(smallest)
    assert describe(tmp_path)["commands"]["set_brightness"]["schema"]["value"]["maximum"] == 255

    (tmp_path / "test_hello.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert "1 passed" in done.stdout, done.stdout

    imports, body = commands.split("class Camera", 1)
    camera, methods = body.split("@command", 1)
    module = f"{imports}\nfrom reactor_runtime import VideoModel, command\n\nclass Camera{camera}"
    module += "class Hello(VideoModel):\n"
    module += "    def start_session(self): ...\n\n" + textwrap.indent(f"@command{methods}", "    ")
    (tmp_path / "model_hello.py").write_text(module)
    found = describe(tmp_path)["commands"]
    assert list(found) == ["number", "whole_number", "choice", "switch", "text", "button", "many", "object"]
    assert found["choice"]["schema"]["style"] == {"enum": ["oil", "ink"], "type": "string", "required": True}
    assert "required" not in found["whole_number"]["schema"]["steps"]


@pytest.mark.parametrize("file", sorted(DOCS.glob("*.md")), ids=lambda file: file.stem)
def test_every_file_that_a_page_points_to_exists(file: Path) -> None:
    roots = [
        DOCS.parent,
        DOCS.parent / "runtime_server/reactor_runtime",
        DOCS.parent / "runtime_server/reactor_runtime/weights",
        DOCS.parent / "protocol/reactor_protocol",
    ]
    where = file.read_text().split("## Where to look in the code")[-1] if file.stem != "index" else ""
    for path in re.findall(r"`([\w/]+(?:\.py|/))`", where):
        assert any((root / path).exists() for root in roots), path

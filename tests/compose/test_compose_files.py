"""The compose files say what they should: all are valid, every service is shut in, every setting is explained."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.compose import FILE, ROOT, SERVICES, Compose

OVERRIDES = ("dev", "gpu", "model", "turn")
ONCE = ("keys", "registry-seed")
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)")
_SECRET = re.compile(r"^    environment: ([A-Z][A-Z0-9_]*)$", re.MULTILINE)
_PASSED_ON = re.compile(r"^      ([A-Z][A-Z0-9_]*):$", re.MULTILINE)


def read(name: str, **variables: str) -> Compose:
    files = [FILE, *([ROOT / f"docker-compose.{name}.yml"] if name else [])]
    return Compose("reactor-config", {"TURN_DOMAIN": "turn.example.org"} | variables, files)


async def services(name: str = "", **variables: str) -> dict[str, Any]:
    found: dict[str, Any] = (await read(name, **variables).config())["services"]
    return found


@pytest.mark.parametrize("name", ["", *OVERRIDES])
async def test_compose_has_nothing_to_remark_on_a_file(name: str) -> None:
    assert set(await services(name)) == {*SERVICES, *ONCE}


@pytest.mark.parametrize("name", ["", *OVERRIDES])
async def test_every_service_is_shut_in(name: str) -> None:
    for service in (await services(name)).values():
        assert service["user"] == "10001:10001"
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
        assert service["logging"]["options"]["max-size"]


async def test_services_that_stay_are_looked_after() -> None:
    found = await services()
    for name in SERVICES:
        assert found[name]["restart"] == "unless-stopped"
        assert found[name]["healthcheck"]["test"]
        assert found[name]["stop_grace_period"] in ("1s", "3s")
    for name in ONCE:
        assert found[name]["restart"] == "no"


async def test_nobody_waits_for_a_service_without_its_health() -> None:
    for service in (await services()).values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] == ("service_completed_successfully" if name in ONCE else "service_healthy")


async def test_ports_are_this_machines_alone_unless_told_otherwise() -> None:
    ports = [port for service in (await services()).values() for port in service.get("ports", [])]
    assert sorted((port["published"], port["protocol"], port["host_ip"]) for port in ports) == [
        ("7880", "tcp", "127.0.0.1"),
        ("7881", "tcp", "127.0.0.1"),
        ("7882", "udp", "127.0.0.1"),
        ("8080", "tcp", "127.0.0.1"),
    ]
    opened = await services(REACTOR_BIND="0.0.0.0")  # noqa: S104 - asked for
    assert {port["host_ip"] for service in opened.values() for port in service.get("ports", [])} == {"0.0.0.0"}  # noqa: S104


async def test_a_key_goes_only_to_those_who_need_it() -> None:
    holders: dict[str, set[str]] = {}
    for name, service in (await services()).items():
        for volume in service.get("volumes", []):
            holders.setdefault(volume["source"], set()).add(name)
    assert holders["livekit-key"] == {"keys", "livekit", "coordinator"}
    assert holders["runtime-key"] == {"keys", "runtime", "coordinator"}
    assert holders["registry-key"] == {"keys", "registry", "registry-seed", "runtime"}


async def test_a_key_of_the_users_shell_reaches_no_container() -> None:
    shell = {"AWS_ACCESS_KEY_ID": "theirs", "AWS_SECRET_ACCESS_KEY": "theirs", "AWS_SESSION_TOKEN": "theirs"}
    found = await services(**shell, AWS_REGION="theirs", AWS_ENDPOINT_URL="theirs", AWS_PROFILE="theirs")
    assert found == await services()
    assert "theirs" not in str(found)


async def test_another_registry_is_named_by_variables_of_our_own() -> None:
    key = {"REACTOR_S3_KEY_ID": "me", "REACTOR_S3_SECRET": "a-long-secret", "REACTOR_S3_TOKEN": "for-an-hour"}
    found = await services(**key, REACTOR_S3_ENDPOINT="", REACTOR_S3_REGION="eu-central-1")
    told = {name: value for name, value in found["runtime"]["environment"].items() if name.startswith("AWS_")}
    assert {
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "a-long-secret",
        "AWS_SESSION_TOKEN": "for-an-hour",
        "AWS_ENDPOINT_URL": "",
        "AWS_REGION": "eu-central-1",
    }.items() <= told.items()
    assert found["registry-seed"]["environment"]["AWS_ENDPOINT_URL"] == "http://registry:7070"


async def test_a_card_is_asked_for_with_its_video_part() -> None:
    runtime = (await services("gpu", REACTOR_GPUS="2"))["runtime"]
    (device,) = runtime["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["count"]) == ("nvidia", 2)
    assert {"gpu", "video"} <= set(device["capabilities"])
    assert "video" in runtime["environment"]["NVIDIA_DRIVER_CAPABILITIES"]


async def test_turn_is_offered_on_the_port_of_https() -> None:
    livekit = (await services("turn"))["livekit"]
    assert livekit["environment"]["LIVEKIT_TURN_DOMAIN"] == "turn.example.org"
    assert ("443", 5349) in {(port["published"], port["target"]) for port in livekit["ports"]}


def test_every_variable_is_explained() -> None:
    told = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set()
    for file in ROOT.glob("docker-compose*.yml"):
        text = file.read_text()
        used |= set(_SECRET.findall(text))
        used |= set(_VARIABLE.findall(text)) | set(_PASSED_ON.findall(text))
    assert used == told


def test_the_dockerfile_keeps_to_its_rules() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text()
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", text, re.MULTILINE)
    assert len(stages) == len(re.findall(r"^FROM ", text, re.MULTILINE))
    assert ":latest" not in text
    assert not re.search(r"^ADD |\bsudo\b|curl .*\| *(ba)?sh|^MAINTAINER|apt-get (dist-)?upgrade", text, re.MULTILINE)
    assert not re.search(r"^(ARG|ENV) .*(SECRET|TOKEN|PASSWORD|_KEY)", text, re.MULTILINE)
    for line in re.findall(r"apt-get install.*", text):
        assert "--no-install-recommends" in line
        assert "-y" in line
    for target in ("coordinator", "runtime"):
        stage = text[text.index(f" AS {target}\n") :].split("\nFROM ")[0]
        assert "\nUSER 10001:10001\n" in stage
        assert re.search(r"^ENTRYPOINT \[.*\]$", stage, re.MULTILINE)


def test_what_is_ignored_leaves_out_models_and_keys() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert "*" in lines
    assert not any(line.startswith("!") and ("manifests" in line or ".env" in line) for line in lines)
    assert not list(Path(ROOT).glob("*.pem"))

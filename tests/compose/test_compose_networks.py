"""The stack for others on the network: from another machine, by UDP, and where its network lets out nothing but TLS."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from support.app_page import until_true
from support.compose import ROOT, ComposeStack, running_compose
from support.limits import PATIENCE_S
from support.neighbour import HERE, Neighbour, neighbour
from support.network import need_namespaces
from support.ports import free_ports
from support.stack import MODELS

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

TURN_DOMAIN = "turn.example.org"
TLS_PORT = 443  # where viewers look for TURN
OPENED = {"REACTOR_BIND": "0.0.0.0", "NODE_IP": HERE}  # noqa: S104 - the other machine is to get in
_FLAGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--ignore-certificate-errors")
_REMEMBER_PEERS = """
    window.peers = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...given) { super(...given); window.peers.push(this); }
    };
"""
_LOCAL_CANDIDATES = """async () => {
    const found = [];
    for (const peer of window.peers) {
        const stats = await peer.getStats();
        for (const part of stats.values()) {
            if (part.type !== "transport" || !part.selectedCandidatePairId) continue;
            const { protocol, relayProtocol } =
                stats.get(stats.get(part.selectedCandidatePairId).localCandidateId);
            found.push({ protocol, relayProtocol });
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def other(docker_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbour]:
    need_namespaces()
    with neighbour(tmp_path_factory.mktemp("there")) as other:
        yield other


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for the TURN server, and its key, that nobody has signed but itself."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    assert openssl is not None
    files = ("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem"))
    name = ("-subj", f"/CN={TURN_DOMAIN}", "-addext", f"subjectAltName=DNS:{TURN_DOMAIN}")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch", *files, *name],
        check=True,
        capture_output=True,
    )
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(other: Neighbour) -> AsyncIterator[ComposeStack]:
    """Open to the other machine, as docs/docker.md says."""
    async with running_compose(MODELS / "stage", (), **OPENED) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack_with_turn(other: Neighbour, certificate: Path) -> AsyncIterator[ComposeStack]:
    """The same with TURN, as docs/docker.md says; on another port than 443, which this machine may need itself."""
    (turn_port,) = free_ports(1)
    turn = {"TURN_DOMAIN": TURN_DOMAIN, "TURN_TLS": str(certificate), "TURN_TLS_PORT": str(turn_port)}
    files = [ROOT / "docker-compose.turn.yml"]
    async with running_compose(MODELS / "stage", files, **OPENED, REACTOR_MEDIA_BIND=HERE, **turn) as stack:
        with other.forwarded(TLS_PORT, turn_port):
            yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def page(other: Neighbour) -> AsyncIterator[Page]:
    """A page of Chromium on the other machine."""
    names = f"--host-resolver-rules=MAP {TURN_DOMAIN} {HERE}"
    async with async_playwright() as playwright:
        program = other.program("chromium")
        browser = await playwright.chromium.launch(executable_path=program, args=[*_FLAGS, names])
        page = await browser.new_page()
        await page.add_init_script(_REMEMBER_PEERS)
        yield page
        await browser.close()


def address(stack: ComposeStack) -> str:
    return f"http://{HERE}:{stack.ports['COORDINATOR']}"


async def sees_a_moving_picture(page: Page, stack: ComposeStack) -> list[dict[str, Any]]:
    """The studio there is live; by what its pictures come."""
    await page.goto(address(stack))
    await expect(page.locator(".pill")).to_contain_text("Live", timeout=1000 * PATIENCE_S)
    at = "() => document.querySelector('video').currentTime"
    before = await page.evaluate(at)
    await until_true(page, f"before => ({at})() > before", before)
    found: list[dict[str, Any]] = await page.evaluate(_LOCAL_CANDIDATES)
    return found


async def test_a_client_on_another_machine_gets_pictures_by_udp(stack: ComposeStack, other: Neighbour) -> None:
    by_tcp = ("--protocol", "tcp", "--dport", str(stack.ports["MEDIA_TCP"]))
    with other.firewall(by_tcp):
        client = await asyncio.create_subprocess_exec(
            *other.command(sys.executable, "-m", "reactor_client", address(stack), "--seconds", "2"),
            stdout=-1,
            stderr=-1,
        )
        said, complaint = await asyncio.wait_for(client.communicate(), PATIENCE_S)
    assert client.returncode == 0, (said, complaint)


async def test_the_page_tells_others_the_address_that_they_can_reach(stack: ComposeStack) -> None:
    assert (await stack.get("/health")).json()["lan_url"] == address(stack)


async def test_a_browser_on_another_machine_shows_the_studio_live(stack: ComposeStack, page: Page) -> None:
    candidates = await sees_a_moving_picture(page, stack)
    assert {one["protocol"] for one in candidates} == {"udp"}


async def test_where_only_tls_gets_out_pictures_come_by_turn(
    stack_with_turn: ComposeStack, other: Neighbour, page: Page
) -> None:
    by_tcp = ("--protocol", "tcp", "--dport", str(stack_with_turn.ports["MEDIA_TCP"]))
    with other.firewall(("--protocol", "udp"), by_tcp):
        candidates = await sees_a_moving_picture(page, stack_with_turn)
    assert {one["relayProtocol"] for one in candidates} == {"tls"}

"""What is served at `/`: the built studio, or a page that says how to build it."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reactor_coordinator.page import Page
from reactor_coordinator.settings import Settings, load_settings

HOST = "http://127.0.0.1:8080"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "secret")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "studio"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<script type="module" src="./assets/index-1a2b.js"></script>')
    (folder / "assets" / "index-1a2b.js").write_text("start()")
    (folder / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(b"start()"))
    return folder


@pytest.fixture
def settings(built: Path) -> Settings:
    return load_settings(["--studio", str(built)])


async def get(page: Page, path: str, headers: dict[str, str] | None = None, base_url: str = HOST) -> httpx.Response:
    async def index(request: Request) -> Response:
        return page.index(request)

    async def asset(request: Request) -> Response:
        return page.asset(request)

    app = Starlette(routes=[Route("/", index), Route("/assets/{name}", asset)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url) as client:
        return await client.get(path, headers=headers)


def directives(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: rest for name, _, rest in parts}


async def test_assets_may_be_kept_for_ever_and_the_page_that_names_them_may_not(settings: Settings) -> None:
    page = Page(settings)
    index, script = await get(page, "/"), await get(page, "/assets/index-1a2b.js")
    assert (index.status_code, index.headers["cache-control"]) == (200, "no-cache")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["x-content-type-options"] == "nosniff"


async def test_assets_go_out_compressed_to_those_who_take_it(settings: Settings) -> None:
    page = Page(settings)
    small = await get(page, "/assets/index-1a2b.js", {"Accept-Encoding": "gzip, br"})
    plain = await get(page, "/assets/index-1a2b.js", {"Accept-Encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert small.text == plain.text == "start()"


async def test_an_unchanged_page_is_not_sent_again(settings: Settings) -> None:
    page = Page(settings)
    first = await get(page, "/")
    again = await get(page, "/", {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert directives(again) == directives(first)


@pytest.mark.parametrize("name", ["none.js", "index-1a2b.js.gz", "%2e%2e%2findex.html", "..%2findex.html"])
async def test_nothing_else_is_served(settings: Settings, name: str) -> None:
    assert (await get(Page(settings), f"/assets/{name}")).status_code == 404


async def test_nothing_inline_runs_and_nothing_is_loaded_from_elsewhere(settings: Settings) -> None:
    policy = directives(await get(Page(settings), "/"))
    assert policy.pop("connect-src").startswith("'self' ")
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize(
    ("base_url", "flags", "headers", "expected"),
    [
        (HOST, [], {}, "ws://127.0.0.1:7880 http://127.0.0.1:7880"),
        ("http://my-machine.lan:8080", [], {}, "ws://my-machine.lan:7880 http://my-machine.lan:7880"),
        (HOST, [], {"X-Forwarded-Proto": "https"}, "wss://127.0.0.1:7880 https://127.0.0.1:7880"),
        (HOST, ["--livekit-public-url", "https://sfu.example.org:443/"], {}, "wss://sfu.example.org:443 https://sfu.example.org:443"),
        (HOST, ["--livekit-public-url", "wss://sfu.example.org/path"], {}, "wss: https:"),
        (HOST, [], {"Host": "[::1]:8080"}, "ws: http:"),
        (HOST, [], {"Host": "a;script-src:8080"}, "ws: http:"),
    ],
)  # fmt: skip
async def test_the_page_may_call_livekit_where_this_browser_will_find_it(
    built: Path, base_url: str, flags: list[str], headers: dict[str, str], expected: str
) -> None:
    answer = await get(Page(load_settings([*flags, "--studio", str(built)])), "/", headers, base_url)
    policy = directives(answer)
    assert policy["connect-src"] == f"'self' {expected}"
    assert policy["script-src"] == "'self'"


async def test_without_a_built_studio_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await get(Page(load_settings(["--studio", str(tmp_path)])), "/")
    assert "./scripts/reactor run" in answer.text
    assert directives(answer)["style-src"].startswith("'sha256-")
    assert "script-src" not in directives(answer)
    assert answer.headers["cache-control"] == "no-cache"

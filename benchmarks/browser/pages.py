"""Pages for a browser: TypeScript bundled with the SDK's tools, and served on this machine."""

import asyncio
import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_FOLDER = Path(__file__).parent
SDK = Path(__file__).parents[2] / "clients" / "js"
BUNDLER = SDK / "node_modules" / ".bin" / "esbuild"
"""Where `npm ci` in the SDK's folder puts it."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{name}</title>
<link rel="icon" href="data:,">
<header><h1>{name}</h1></header>
<main id="root"></main>
<script type="module" src="{name}.js"></script>
</html>
"""


def bundle(scripts: Sequence[Path], folder: Path, *, production: bool = False) -> None:
    """Make a page of each script, `<its name>.html` in `folder`; what they import is found where the SDK finds it.

    Args:
        scripts: TypeScript.
        folder: where the pages go.
        production: without React's checks.
    """
    mode = ("--minify", '--define:process.env.NODE_ENV="production"') if production else ()
    subprocess.run(
        [
            BUNDLER,
            *scripts,
            "--bundle",
            "--format=esm",
            "--jsx=automatic",
            f"--outdir={folder}",
            "--log-level=warning",
            *mode,
        ],
        check=True,
        env=os.environ | {"NODE_PATH": str(SDK / "node_modules")},
    )
    for script in scripts:
        (folder / f"{script.stem}.html").write_text(_PAGE.format(name=script.stem), "utf-8")


@contextlib.asynccontextmanager
async def page_served() -> AsyncIterator[str]:
    """The benchmarks' own page, installed, bundled and served; its address."""
    process = await asyncio.create_subprocess_exec(str(_FOLDER / "install.sh"))
    if await process.wait():  # a machine that can't is a failed benchmark, not a skipped one
        raise FileNotFoundError("Chromium or the SDK's packages couldn't be installed; the reason is above")
    with tempfile.TemporaryDirectory(prefix="bench-page-") as name:
        bundle([_FOLDER / "page.tsx"], Path(name), production=True)
        with served(Path(name)) as address:
            yield f"{address}/page.html"


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

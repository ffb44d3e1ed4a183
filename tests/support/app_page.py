"""`tests/browser/pages/app.html`: the quick start's page, used as a person uses it."""

import asyncio
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from playwright.async_api import Page

from support.limits import PATIENCE_S
from support.stack import Stack

_AXE = Path(__file__).parents[2] / "clients" / "js" / "node_modules" / "axe-core" / "axe.min.js"
_VIOLATIONS = """async () => {
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""


def watch_console(page: Page) -> list[str]:
    """The errors that the page leaves in its console from now on."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


async def until_true(page: Page, expression: str, arg: object = None) -> None:
    """Wait until an expression of the page is true.

    Playwright's own `wait_for_function` evaluates in the page, which a strict Content-Security-Policy forbids.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await page.evaluate(expression, arg):
                return
            await asyncio.sleep(0.05)


async def accessibility_violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now: rule and element."""
    await page.evaluate(_AXE.read_text("utf-8"))
    return list(await page.evaluate(_VIOLATIONS))


class AppPage:
    """A page with the model's picture and its controls."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors = watch_console(page)
        """What is in its console."""

    @classmethod
    async def opened(cls, page: Page, pages: str, stack: Stack, more: str = "") -> Self:
        """Show it; `more` of the address's query."""
        app = cls(page)
        await page.goto(f"{pages}/app.html?coordinator={quote(stack.coordinator_url)}{more}")
        return app

    async def numbers(self, count: int) -> list[int]:
        """So many different numbers that the picture shows from now on."""
        return list(await self._do(f"numbers({count})"))

    async def until_shown(self, number: int) -> None:
        """Wait until the picture shows that number."""
        await self._do(f"(async () => {{ while ((await numbers(1))[0] !== {number}); }})()")

    async def accessibility(self) -> list[str]:
        """What axe finds wrong."""
        return await accessibility_violations(self.page)

    async def _do(self, expression: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.page.evaluate(expression)

"""`tests/browser/pages/core.html`: a front end without React, driven from a test."""

import asyncio
from typing import Any

from playwright.async_api import Page

from support.limits import PATIENCE_S


class CorePage:
    """A page with one Reactor, one video element, and a record of what was said.

    Args:
        page: where it is shown.
        pages: the address of the tests' pages.
        coordinator_url: whom it asks.
    """

    def __init__(self, page: Page, pages: str, coordinator_url: str) -> None:
        self.page = page
        self._address = f"{pages}/core.html"
        self._coordinator_url = coordinator_url

    async def open(self, **options: object) -> None:
        """Load it and make its `viewer`, which isn't connected yet; `options` of the Reactor."""
        await self.page.goto(self._address)
        given = {"modelName": "any", "coordinatorUrl": self._coordinator_url, "local": True, **options}
        await self.page.evaluate("options => { window.viewer = new Viewer(options) }", given)

    async def connect(self) -> None:
        """Ask for a session, and have it."""
        await self.do("viewer.reactor.connect()")
        assert await self.status() == "ready", await self.do("viewer.said")

    async def disconnect(self) -> None:
        """Leave."""
        await self.do("viewer.reactor.disconnect()")

    async def status(self) -> str:
        """The Reactor's."""
        return str(await self.do("viewer.reactor.getStatus()"))

    async def numbers(self, count: int) -> list[int]:
        """So many different numbers that the video shows from now on."""
        return list(await self.do(f"viewer.numbers({count})"))

    async def until(self, event: str, condition: str = "true") -> Any:
        """The value of an event, of a past one too, for which the expression about `value` is true."""
        return await self.do(f"viewer.until({event!r}, (value) => {condition})")

    async def command(self, name: str, **data: object) -> None:
        """Have the model do something."""
        await self.page.evaluate("([name, data]) => viewer.reactor.sendCommand(name, data)", [name, data])

    async def forget(self) -> None:
        """What was said so far doesn't count any more."""
        await self.do("viewer.said.splice(0)")

    async def do(self, expression: str) -> Any:
        """Evaluate an expression, waiting for its promise."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.page.evaluate(expression)

"""The studio's page, as the coordinator serves it, as a person sees it."""

from pathlib import Path

from playwright.async_api import Locator, Page, Request, expect

import reactor_coordinator
from support.app_page import watch_console
from support.parts import missing

_BUILT = Path(reactor_coordinator.__file__).parent / "studio" / "index.html"
_WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
        const moved = sources.map(({ node, previousRect, currentRect }) => {
            const [from, to] = [previousRect, currentRect].map(({ x, y }) => `${x}, ${y}`);
            return `${node?.className || node?.data || node?.nodeName}: ${from} -> ${to}`;
        });
        shifts.push(`${value} ${moved.join("; ")}`);
    }
}).observe({ type: "layout-shift", buffered: true });
"""


def need_built_studio() -> None:
    """See that there is a studio to look at."""
    if not _BUILT.exists():
        missing("the studio isn't built: python studio/build.py")


class StudioPage:
    """A page of a stack.

    Args:
        page: where it is shown.
        url: the coordinator's.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors = watch_console(page)
        """What is in its console."""
        self.requests: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)

    async def open(self) -> None:
        """Load it."""
        await self.page.goto(self.url)

    async def shows(self, word: str) -> None:
        """Wait for the state in its corner."""
        await expect(self.page.locator(".pill")).to_contain_text(word)

    async def tells(self, title: str) -> None:
        """Wait for what stands where the picture would be."""
        await expect(self.page.locator(".overlay h2")).to_have_text(title)

    def button(self, name: str) -> Locator:
        """One of its buttons."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def logs(self, text: str) -> None:
        """Wait for something in the list of messages, which is opened if need be."""
        toggle = self.page.locator(".log-toggle")
        if await toggle.get_attribute("aria-expanded") == "false":
            await toggle.click()
        await expect(self.page.locator(".log-list")).to_contain_text(text)

    async def watch_shifts(self) -> None:
        """Note from the next load on what the page moves."""
        await self.page.add_init_script(_WATCH_SHIFTS)

    async def shifts(self) -> list[str]:
        """What has moved since it was loaded: how much it counts, what, whence and whither."""
        return list(await self.page.evaluate("shifts"))

"""Everything that users and fate can do to the product, at random and in any order, and what must hold all the same.

The short walk is the same at each run. The long one (`scripts/test --long`) takes other ways each time, for
`REACTOR_WALK_HOURS` (2), and prints the way that led to a fault. Such ways are kept below as tests of their own.
Both print the longest time until somebody was told what concerns him (`-rP` shows it).
"""

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from support import product_walk
from support.product import Product, Usage
from support.product_walk import Walk
from support.stack import MODELS
from support.walk_client import Phase as At
from support.walk_client import WalkClient
from support.walk_judge import Telling

pytestmark = pytest.mark.livekit

T = TypeVar("T")

_STEP_S = 600.0
"""A step has its own deadlines; this one is for mistakes in the test."""


class Ground:
    """A product to walk on, with its own event loop: clients listen between the steps, too."""

    def __init__(self, orders: Path) -> None:
        self._orders = orders
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="walk")
        self._thread.start()
        self._product: Product | None = None
        self._usage: dict[int, Usage] = {}
        self.failure: Exception | None = None
        self.slowest = Telling()
        self.taken = 0
        """Steps."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_STEP_S)

    async def begin(self) -> Walk:
        """A new walk on the product, which is started if there is none."""
        if self._product is None:
            env = product_walk.ENVIRONMENT | {"WALK_ORDERS": str(self._orders)}
            self._product = await Product.start(MODELS / "walker", flags=product_walk.FLAGS, env=env)
        return Walk(self._product, self._orders, self._usage)

    async def end(self, walk: Walk, *, safe: bool) -> None:
        """End a walk; the product of one that failed isn't used again."""
        await walk.close()
        if walk.slowest > self.slowest:
            self.slowest = walk.slowest
            print(f"told after {self.slowest.after_s:.2f} s at most: {self.slowest.what}", flush=True)
        if not safe:
            await self.stop()

    async def stop(self) -> None:
        """End the product."""
        product, self._product = self._product, None
        if product is not None:
            await product.stop()

    def close(self) -> None:
        """End everything."""
        try:
            self.run(self.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("orders"))
    yield ground
    ground.close()


Scenario = Callable[[Walk], Awaitable[None]]


@pytest.fixture
def walk(ground: Ground) -> Iterator[Callable[[Scenario], None]]:
    """Walk a way that is known, then let everything come to rest."""

    def along(way: Scenario) -> None:
        ground.run(_walk_along(ground, way))

    yield along


async def _walk_along(ground: Ground, way: Scenario) -> None:
    walk, safe = await ground.begin(), False
    try:
        await way(walk)
        await walk.check()
        await walk.calm()
        safe = True
    finally:
        await ground.end(walk, safe=safe)


NUMBERS = st.integers(0, 5)
ORDERS = st.sampled_from(["return", "raise", "crash", "stick", "poll"])


class ProductMachine(RuleBasedStateMachine):
    """Every draw is independent of what the product does, so that a seed is a way; a step that isn't possible is none.

    A failure isn't raised but kept: another run of the same steps takes other times and may well pass, which
    hypothesis would complain about instead.
    """

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.walk = self.ground.run(self.ground.begin()) if self.ground.failure is None else None

    def do(self, step: Callable[[Walk], Awaitable[Any] | None]) -> None:
        """Take a step, unless a fault was found before."""
        if self.walk is None or self.ground.failure is not None:
            return
        self.steps += 1
        try:
            self.ground.run(_take(step, self.walk))
        except Exception as error:  # noqa: BLE001 - raised at the end
            self.ground.failure = error

    def teardown(self) -> None:
        if self.walk is None:
            return
        self.do(Walk.calm)
        self.ground.taken += self.steps
        self.ground.run(self.ground.end(self.walk, safe=self.ground.failure is None))

    @rule(viewer=st.booleans(), early=st.booleans())
    def somebody_comes(self, viewer: bool, early: bool) -> None:
        self.do(lambda walk: walk.arrive(viewer=viewer, early=early))

    @rule(viewer=st.booleans())
    def somebody_in_a_hurry_comes(self, viewer: bool) -> None:
        self.do(lambda walk: walk.arrive(viewer=viewer, queueing=False))

    @rule(number=NUMBERS)
    def a_viewer_comes(self, number: int) -> None:
        self.do(lambda walk: walk.arrive(viewer=True, early=number > 2))

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.3, 0.7]))
    def a_process_comes(self, seconds: float) -> None:
        async def come(walk: Walk) -> None:
            client = await walk.arrive_as_process()
            await walk.pause(seconds)
            if seconds:
                await walk.leave(client, "drop")

        self.do(come)

    @rule()
    def somebody_only_connects(self) -> None:
        self.do(lambda walk: walk.arrive(ask=False))

    @rule(number=NUMBERS, queueing=st.booleans())
    def somebody_asks_again(self, number: int, queueing: bool) -> None:
        self.to((At.IDLE, At.WAITING, At.OWNER), number, lambda walk, client: walk.ask(client, queueing=queueing))

    @rule(number=NUMBERS, how=st.sampled_from(["end", "close", "drop"]))
    def somebody_leaves(self, number: int, how: str) -> None:
        self.to((At.IDLE, At.WAITING, At.OWNER), number, lambda walk, client: walk.leave(client, how))

    @rule(how=st.sampled_from(["end", "close", "drop", "drop"]))
    def the_owner_leaves(self, how: str) -> None:
        self.to((At.OWNER,), 0, lambda walk, client: walk.leave(client, how))

    @rule(number=NUMBERS)
    def somebody_comes_back(self, number: int) -> None:
        self.to((At.LOST,), number, lambda walk, client: walk.resume(client))

    @rule()
    def the_viewer_leaves_the_room(self) -> None:
        self.to((At.OWNER,), 0, lambda walk, client: walk.leave_room(client))

    @rule(number=NUMBERS, raw=st.sampled_from(["[1, 2]", "nonsense", '{"type": 3}', b"\x00\x01"]))
    def somebody_babbles(self, number: int, raw: str | bytes) -> None:
        self.to((At.IDLE, At.WAITING, At.OWNER), number, lambda walk, client: walk.babble(client, raw))

    @rule(what=ORDERS)
    def the_model_does(self, what: str) -> None:
        self.do(lambda walk: walk.order(what))

    @rule(what=ORDERS)
    def the_next_session_begins_with(self, what: str) -> None:
        self.do(lambda walk: walk.order(what, upcoming=True))

    @rule(name=st.sampled_from(["coordinator", "runtime", "worker", "worker", "livekit"]))
    def a_process_is_killed(self, name: str) -> None:
        self.do(lambda walk: walk.kill(name))

    @rule(names=st.permutations(["coordinator", "runtime", "worker", "livekit"]), number=st.sampled_from([2, 2, 4]))
    def several_are_killed(self, names: list[str], number: int) -> None:
        def kill(walk: Walk) -> None:
            for name in names[:number]:
                walk.kill(name)

        self.do(kill)

    @rule()
    def the_model_breaks_or_is_mended(self) -> None:
        self.do(lambda walk: walk.mend_model() if walk.broken else walk.break_model())

    @rule(seconds=st.sampled_from([0.02, 0.1, 0.1, 0.4, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.do(lambda walk: walk.pause(seconds))

    def to(self, phases: tuple[At, ...], number: int, step: Callable[[Walk, WalkClient], Awaitable[Any]]) -> None:
        """Let one of the clients in these phases take the step, if there is any."""

        def one(walk: Walk) -> Awaitable[Any] | None:
            client = walk.pick(number, *phases)
            return step(walk, client) if client is not None else None

        self.do(one)


async def _take(step: Callable[[Walk], Awaitable[Any] | None], walk: Walk) -> None:
    work = step(walk)
    if work is not None:
        await work
    await walk.check()


_WALK = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],  # another try at a smaller way would be another way: time is part of it
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    verbosity=Verbosity.quiet,
    print_blob=False,
)


def _wander(ground: Ground, number: int | None, *, walks: int, steps: int) -> None:
    """Take random walks; raises the first fault that is found."""
    ground.failure = None
    machine = type("OnGround", (ProductMachine,), {"ground": ground})
    if number is not None:
        machine = seed(number)(machine)
    walking = settings(_WALK, max_examples=walks, stateful_step_count=steps, derandomize=number is None)
    run_state_machine_as_test(machine, settings=walking)
    if ground.failure is not None:
        raise ground.failure


@pytest.mark.timeout(900)  # a minute alone; killed processes come back slowly on a machine that does much else
def test_a_random_walk_breaks_nothing(ground: Ground) -> None:
    _wander(ground, None, walks=4, steps=60)
    assert ground.taken > 200


@pytest.mark.long
@pytest.mark.timeout(0)
def test_hours_of_random_walks_break_nothing(ground: Ground) -> None:
    until_s = time.monotonic() + 3600 * float(os.environ.get("REACTOR_WALK_HOURS", "2"))
    while time.monotonic() < until_s:
        number = int(os.environ.get("REACTOR_WALK_SEED", secrets.randbelow(2**32)))
        print(f"REACTOR_WALK_SEED={number}, {ground.taken} steps before", flush=True)
        _wander(ground, number, walks=20, steps=60)


# Ways that were hard, or that a random walk takes too seldom.


def test_all_processes_killed_at_once_come_back(walk: Callable[[Scenario], None]) -> None:
    async def way(walk: Walk) -> None:
        await walk.arrive(viewer=True)
        await walk.arrive()
        for name in ("livekit", "runtime", "worker", "coordinator"):
            walk.kill(name)
        await walk.check()
        await walk.arrive(viewer=True)

    walk(way)


def test_the_queue_outlives_runtime_and_livekit(walk: Callable[[Scenario], None]) -> None:
    async def way(walk: Walk) -> None:
        owner = await walk.arrive(viewer=True)
        waiting = [await walk.arrive(viewer=True, early=True), await walk.arrive(viewer=True), await walk.arrive()]
        walk.kill("runtime")
        walk.kill("livekit")
        await walk.check()
        await walk.leave(owner, "end")
        for client in waiting:
            await walk.until(lambda client=client: walk.owner is client, f"{client} has its turn")  # type: ignore[misc]
            await walk.leave(client, "close")

    walk(way)


def test_those_who_wait_are_served_once_a_broken_model_is_mended(walk: Callable[[Scenario], None]) -> None:
    async def way(walk: Walk) -> None:
        walk.order("crash", upcoming=True)
        first = await walk.arrive(viewer=True)
        await walk.break_model()
        second = await walk.arrive(viewer=True)
        third = await walk.arrive(queueing=True)
        await walk.check()
        await walk.leave(first, "drop")
        await walk.mend_model()
        for client in (second, third):
            await walk.until(lambda client=client: walk.owner is client, f"{client} has its turn")  # type: ignore[misc]
            await walk.check()
            await walk.leave(client, "end")

    walk(way)


def test_a_lost_owner_of_a_stuck_model_makes_room_for_the_next(walk: Callable[[Scenario], None]) -> None:
    async def way(walk: Walk) -> None:
        owner = await walk.arrive(viewer=True)
        await walk.pause(0.2)
        walk.order("stick")
        waiting = await walk.arrive(viewer=True, early=True)
        await walk.leave(owner, "drop")
        back = await walk.resume(owner)
        await walk.check()
        await walk.leave(back, "drop")
        await walk.until(lambda: walk.owner is waiting, "the next one has its turn")
        await walk.check()

    walk(way)

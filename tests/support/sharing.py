"""Who of several workers runs which tests: `scripts/test` has three."""

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# There is one container engine. It makes and removes network interfaces, and whenever one comes or goes Chromium
# breaks off what it is loading (net::ERR_NETWORK_CHANGED).
_ONE_AFTER_ANOTHER = ("tests/browser/", "tests/compose/")


def part_of(nodeid: str) -> str:
    """What is run by one worker, together with that test: mostly its file, whose fixtures are set up once."""
    file = nodeid.partition("::")[0]
    return " ".join(_ONE_AFTER_ANOTHER) if file.startswith(_ONE_AFTER_ANOTHER) else file


class Sharing(LoadScopeScheduling):
    """A worker takes the next part when it is done with the one before.

    Every other worker begins at the end of the list: so that computing and waiting are under way at the same time,
    what computes is the one end of it and what waits the other.
    """

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if list(self.assigned_work).index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

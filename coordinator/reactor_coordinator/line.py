"""The waiting clients, first come, first served."""

from collections import deque
from collections.abc import Iterator

from reactor_coordinator.session import Session


class WaitingLine:
    """A FIFO queue whose members may leave from anywhere; `append` refuses beyond `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sessions: deque[Session] = deque()

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions))

    @property
    def full(self) -> bool:
        """No more may join at the end."""
        return len(self._sessions) >= self._limit

    @property
    def head(self) -> Session | None:
        """Who is next."""
        return self._sessions[0] if self._sessions else None

    def append(self, session: Session) -> None:
        """Join at the end."""
        self._sessions.append(session)

    def put_back(self, session: Session) -> None:
        """Return to the front: it was next, and couldn't be served. Its place was its own, so no limit applies."""
        self._sessions.appendleft(session)

    def pop(self) -> Session:
        """Take the next one."""
        return self._sessions.popleft()

    def remove(self, session: Session) -> None:
        """Leave from any place."""
        self._sessions.remove(session)

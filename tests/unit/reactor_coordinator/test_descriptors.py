import resource

import pytest

from reactor_coordinator.server import ENOUGH_DESCRIPTORS, OWN_DESCRIPTORS, possible_sockets


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (256, 1024, 1024),
        (256, resource.RLIM_INFINITY, ENOUGH_DESCRIPTORS),
        (160, 160, 160),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, ENOUGH_DESCRIPTORS),
        (100_000, 200_000, 100_000),
    ],
)
def test_as_many_clients_as_there_may_be_descriptors(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, expected: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, wanted: limits.append(wanted))
    assert possible_sockets() == expected - OWN_DESCRIPTORS
    assert limits[-1][1] == hard


def test_there_is_always_room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (20, 20))
    assert possible_sockets() == 1

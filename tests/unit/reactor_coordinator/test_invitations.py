import time

import pytest

from reactor_coordinator.invitations import ShownToken
from reactor_coordinator.tokens import TTL_S


@pytest.mark.parametrize(
    ("session_id", "age_s", "fits"),
    [("mine", 0.0, True), ("mine", TTL_S / 2 - 10, True), ("mine", TTL_S / 2, False), ("other", 0.0, False)],
)
def test_a_token_that_was_shown_is_granted_while_half_of_its_life_is_left(
    session_id: str, age_s: float, fits: bool
) -> None:
    shown = ShownToken("mine", "token", minted_s=time.monotonic() - age_s)
    assert shown.fits(session_id) is fits

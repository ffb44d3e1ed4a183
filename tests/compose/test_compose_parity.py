"""What clients see of the stack in containers is what they see of the bare one: the very same tests, run against it."""

import pytest

from integration import test_front_end_messages, test_golden_session, test_pictures, test_sessions

pytestmark = [pytest.mark.livekit, pytest.mark.asyncio(loop_scope="session")]

MODULES = (test_front_end_messages, test_golden_session, test_pictures, test_sessions)
OF_OTHER_STACKS = {
    "test_a_maximum_duration_ends_the_session",
    "test_the_terminal_says_what_is_wrong_without_a_coordinator",
    "test_two_stacks_run_side_by_side",
}
"""They start bare ones for themselves, with other flags, or none."""

globals().update(
    {
        name: test
        for module in MODULES
        for name, test in vars(module).items()
        if name.startswith("test_") and name not in OF_OTHER_STACKS
    }
)

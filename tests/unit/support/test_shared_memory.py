import sys
from multiprocessing.shared_memory import SharedMemory

import pytest

from support import shared_memory


@pytest.mark.skipif(sys.platform != "linux", reason="blocks have no names elsewhere")
def test_a_block_that_is_left_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_memory, "PATIENCE_S", 0.0)
    before = shared_memory.blocks()
    block = SharedMemory(create=True, size=1)
    try:
        with pytest.raises(AssertionError, match=block.name):
            shared_memory.until_none_more(before)
    finally:
        block.close()
        block.unlink()
    assert block.name not in shared_memory.blocks()

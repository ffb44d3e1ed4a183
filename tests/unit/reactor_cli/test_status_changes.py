from reactor_cli.status import StackStatus, changes


def _kinds(old: StackStatus, new: StackStatus) -> list[str]:
    return [notice.kind for notice in changes(old, new)]


def test_nothing_new_says_nothing() -> None:
    assert _kinds(StackStatus("ready"), StackStatus("ready")) == []


def test_a_load_error_is_told_once_with_its_place() -> None:
    failed = StackStatus("failed", error="/m/model.py:3\nno module named torch")
    (notice,) = changes(StackStatus("loading"), failed)
    assert (notice.kind, notice.level) == ("load_failed", "error")
    assert "/m/model.py:3" in notice.text
    assert notice.text.endswith("To try it again, save a file in its folder.")
    assert _kinds(failed, failed) == []


def test_each_stage_of_loading_is_told() -> None:
    assert _kinds(StackStatus(), StackStatus("loading", stage="init")) == ["loading"]
    assert _kinds(StackStatus("loading", stage="init"), StackStatus("loading", stage="init", progress=0.5)) == []


def test_loading_again_is_told() -> None:
    assert "reloading" in _kinds(StackStatus("active"), StackStatus("loading"))


def test_the_queue_is_told_when_it_changes() -> None:
    assert _kinds(StackStatus("active"), StackStatus("active", waiting=1)) == ["queue"]
    assert _kinds(StackStatus("active", waiting=1), StackStatus("active", waiting=1)) == []


def test_the_summary_shows_progress_and_queue() -> None:
    assert StackStatus("loading", stage="init", progress=0.5).summary == "running the model's __init__ (50%)"
    assert StackStatus("active", waiting=2).summary == "session under way, 2 waiting"

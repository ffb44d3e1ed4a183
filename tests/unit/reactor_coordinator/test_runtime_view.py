from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_coordinator.runtime_view import RuntimeView
from reactor_protocol.runtime import Download, Failed, LoadError, Loading, LoadStage, Readiness, Ready, Snapshot


def before_the_manifest_was_read(readiness: Readiness | None = None) -> Snapshot:
    return Snapshot(
        readiness=readiness or Readiness(state="loading"),
        session_id=None,
        prepared=[],
        model_name="",
        model_version="",
        video_input=False,
        audio_input=False,
        instance="i-1",
    )


def test_a_snapshot_from_before_the_manifest_was_read_is_completed_when_the_model_is_ready() -> None:
    view = RuntimeView()
    view.take_snapshot(before_the_manifest_was_read())
    view.take_change(Ready(model_name="m", model_version="1.0.0", video_input=True, audio_input=False))
    assert (view.state, view.model_name, view.video_input, view.audio_input) == ("ready", "m", True, False)


def test_a_ready_that_names_no_model_changes_none() -> None:
    view = RuntimeView()
    view.take_change(Ready(model_name="m", model_version="1.0.0", video_input=True, audio_input=False))
    view.take_change(Ready())
    assert (view.model_name, view.video_input) == ("m", True)


def test_a_download_is_known_while_it_lasts() -> None:
    view = RuntimeView()
    download = Download(
        folder="W", files=1, files_done=0, folders=1, folders_done=0, total_bytes=9, done_bytes=3, speed_bytes_s=1.5
    )
    view.take_change(Loading(stage="weights", progress=1 / 3, download=download))
    assert view.download == download
    view.take_change(Loading(stage="import"))
    assert view.download is None


def progress_after(*stages: tuple[LoadStage, float | None]) -> list[float | None]:
    view = RuntimeView()
    told = []
    for stage, progress in stages:
        view.take_change(Loading(stage=stage, progress=progress))
        told.append(view.progress)
    return told


def test_weights_are_most_of_a_loading_and_the_code_is_the_rest() -> None:
    told = progress_after(("import", 0.0), ("weights", 0.0), ("weights", 0.5), ("weights", 1.0), ("init", 0.5))
    assert told == [0.0, 0.0, 0.45, 0.9, 0.95]


def test_code_whose_time_nobody_knows_stays_where_the_weights_ended() -> None:
    told = progress_after(("import", None), ("weights", 0.5), ("weights", 1.0), ("import", None), ("init", None))
    assert told == [None, 0.45, 0.9, 0.9, 0.9]


def test_a_loading_without_a_download_is_its_code() -> None:
    assert progress_after(("import", 0.0), ("import", 0.25), ("init", 0.99)) == [0.0, 0.25, 0.99]


PROGRESS = st.none() | st.floats(0, 1)
HEARD = st.one_of(
    st.builds(Loading, stage=st.sampled_from(["import", "weights", "init"]), progress=PROGRESS),
    st.builds(
        before_the_manifest_was_read,
        st.builds(Readiness, state=st.just("loading"), stage=st.sampled_from(["weights", "init"]), progress=PROGRESS),
    ),
)


@given(st.lists(HEARD, max_size=30))
def test_while_a_model_loads_its_progress_never_falls(heard: list[Loading | Snapshot]) -> None:
    view = RuntimeView()
    told = [0.0]
    for each in heard:
        if isinstance(each, Snapshot):
            view.take_snapshot(each)
        else:
            view.take_change(each)
        if view.progress is not None:
            told.append(view.progress)
        else:
            assert told == [0.0]
    assert all(earlier <= later for earlier, later in pairwise(told))


@pytest.mark.parametrize("end", [Ready(), Failed(error=LoadError(message="boom"))])
def test_the_next_loading_begins_again(end: Ready | Failed) -> None:
    view = RuntimeView()
    view.take_change(Loading(stage="weights", progress=1.0))
    view.take_change(end)
    assert view.progress is None
    view.take_change(Loading(stage="init", progress=0.25))
    assert view.progress == 0.25

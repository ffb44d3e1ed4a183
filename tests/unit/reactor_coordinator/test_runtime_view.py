from reactor_coordinator.runtime_view import RuntimeView
from reactor_protocol.runtime import Readiness, Ready, Snapshot


def before_the_manifest_was_read() -> Snapshot:
    return Snapshot(
        readiness=Readiness(state="loading"),
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

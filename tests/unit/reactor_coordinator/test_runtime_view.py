from reactor_coordinator.runtime_view import RuntimeView
from reactor_protocol.runtime import Download, Loading, Readiness, Ready, Snapshot


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


def test_a_download_is_known_while_it_lasts() -> None:
    view = RuntimeView()
    download = Download(
        folder="W", files=1, files_done=0, folders=1, folders_done=0, total_bytes=9, done_bytes=3, speed_bytes_s=1.5
    )
    view.take_change(Loading(stage="weights", progress=1 / 3, download=download))
    assert view.download == download
    view.take_change(Loading(stage="import"))
    assert view.download is None

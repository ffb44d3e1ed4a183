"""A model's capabilities, from its class and manifest."""

from reactor_protocol.application import OUTPUT_TRACK
from reactor_protocol.capabilities import Capabilities, CommandDescription, ModelIdentity, TrackDescription
from reactor_protocol.manifest import Manifest
from reactor_runtime.arguments import Commands, json_schemas


def describe(commands: Commands, manifest: Manifest) -> Capabilities:
    """What front ends are told about a model with these `commands`."""
    properties, definitions = json_schemas((name, arguments) for name, (_, arguments) in commands.items())
    return Capabilities(
        commands={
            name: CommandDescription(description=method.description, parameters=properties[name])
            for name, (method, _) in commands.items()
        },
        defs=definitions,
        model=ModelIdentity(name=manifest.model_name, version=manifest.model_version),
        tracks=_tracks(manifest),
    )


def _tracks(manifest: Manifest) -> list[TrackDescription]:
    tracks = [TrackDescription(name=OUTPUT_TRACK, kind="video", direction="out")]
    if manifest.video_input:
        tracks.append(TrackDescription(name="camera", kind="video", direction="in"))
    if manifest.audio_input:
        tracks.append(TrackDescription(name="microphone", kind="audio", direction="in"))
    return tracks

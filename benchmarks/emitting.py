"""What `emit_frame` of a 720p array costs the model, beside a plain copy of that array in the same process."""

from benchmarks.figures import Row, compared
from benchmarks.format import Format
from benchmarks.product import MODELS, QUIET, stack

_FACTOR = 3.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` frames, emitted and copied in turn."""
    async with stack(MODELS / "emit", env=QUIET, frames=count) as running, running.session(video.codec) as viewer:
        said = await viewer.until(lambda data: "emit_ms" in data)
    what = "emit_frame, 1280x720 uint8 (floor: numpy copy)"
    return [compared(what, said["emit_ms"], said["copy_ms"], factors=(_FACTOR, None))]

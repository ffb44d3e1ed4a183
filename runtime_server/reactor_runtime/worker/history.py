"""What earlier runs of a model have shown: how long it loads, how large its frames are."""

import hashlib
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_log = structlog.get_logger(__name__)

DEFAULT_WIDTH = 832  # what most current world models emit
DEFAULT_HEIGHT = 480


class ModelRecord(BaseModel):
    """The file's content."""

    model_config = ConfigDict(frozen=True)

    load_s: float | None = Field(default=None, gt=0)
    """From the start of the process to the end of `__init__`."""
    width: int = Field(default=DEFAULT_WIDTH, ge=16, le=16384, multiple_of=4)
    """Of the last session's last frame, in pixels."""
    height: int = Field(default=DEFAULT_HEIGHT, ge=16, le=16384, multiple_of=4)


class ModelHistory:
    """A small JSON file per model folder in the cache. It only makes things better: any fault of it is passed over."""

    def __init__(self, cache_dir: Path, folder: Path) -> None:
        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]
        self._path = cache_dir / "models" / f"{name}.json"
        self.record = self._read()

    def remember(self, **changes: float) -> None:
        """Change fields of the record, here and in the file."""
        record = ModelRecord(**(self.record.model_dump() | changes))
        if record == self.record:
            return
        self.record = record
        temporary = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(record.model_dump_json())
            temporary.replace(self._path)
        except OSError as error:
            _log.warning("can't remember the model's load time and size", file=str(self._path), error=str(error))

    def _read(self) -> ModelRecord:
        try:
            return ModelRecord.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return ModelRecord()

"""The golden transcripts under tests/golden: one JSON object a line."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "golden"


def lines(name: str) -> list[dict[str, Any]]:
    """All objects of a transcript."""
    return [json.loads(line) for line in (_FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]

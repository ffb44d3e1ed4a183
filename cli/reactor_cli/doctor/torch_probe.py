"""Imports torch and prints what it can do as a line of JSON: `python -m reactor_cli.doctor.torch_probe`."""

import json
import sys
from typing import Any


def probe() -> dict[str, Any]:
    """Return the fields of `TorchReport`."""
    try:
        import torch  # noqa: PLC0415 - what is to be tried
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": f"{type(error).__name__}: {error}"}
    found: dict[str, Any] = {"version": torch.__version__, "cuda": torch.version.cuda}
    found["metal"] = torch.backends.mps.is_available()
    if not torch.cuda.is_available():
        return found
    try:
        # A build without code for this card says so only when it is to compute.
        torch.ones(8, device="cuda").sum().item()
        cards = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
        found["devices"] = [{"name": card.name, "memory_bytes": card.total_memory} for card in cards]
    except Exception as error:  # noqa: BLE001
        found["error"] = str(error).splitlines()[0]
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe()) + "\n")

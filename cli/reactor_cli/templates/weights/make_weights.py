"""Makes the weights: python make_weights.py [SEED]. A real model's come from its training."""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "registry" / "my-model-network"


def make(folder: Path, seed: int = 4) -> None:
    """Write a network into `folder`; another seed dreams of something else."""
    random = np.random.default_rng(seed)
    network = {
        "place": random.normal(0, 1.3, (4, 10)),  # x, y, distance from the middle, 1
        "moment": random.normal(0, 1.3, (2, 10)),
        "hidden": random.normal(0, 1.2, (10, 10)),
        "colour": random.normal(0, 1.2, (10, 1)) + random.normal(0, 0.2, (10, 3)),
        "tint": np.array([0, 0.4, 0.9]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "network.npz", **{name: values.astype(np.float32) for name, values in network.items()})


if __name__ == "__main__":
    make(FOLDER, *map(int, sys.argv[1:2]))
    print(f"The weights are in {FOLDER}. Now: reactor run --bucket {FOLDER.parent.as_uri()}")

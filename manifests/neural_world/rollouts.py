"""How long the network's world stays the true one, when it sees nothing but its own answers.

python rollouts.py WEIGHT_FOLDER ROLLOUTS STEPS
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import world
from network import Network, decide, load

FIRST_SEED = 1_000_000  # gardens that no session begins with; training sees no garden at all
HOLD = 0.8  # chance that a key stays as it is for another step: people hold keys


@dataclass(frozen=True, slots=True)
class Errors:
    """Against the true game, over many rollouts.

    Parameters:
        wrong_bits: share of the states' bits that are wrong, over all steps.
        wrong_player: share of steps with the player in another cell.
        exact: share of rollouts whose every state up to then is right in every bit, by number of steps.
        fireflies: the smallest and largest number of fireflies at the end; right is `world.FIREFLIES`.
    """

    wrong_bits: float
    wrong_player: float
    exact: dict[int, float]
    fireflies: tuple[int, int]


@torch.inference_mode()
def free_running(network: Network, rollouts: int, steps: int, seed: int = 0) -> Errors:
    """Play `rollouts` gardens for `steps` steps with random keys, in the game and in the network."""
    random = np.random.default_rng(seed)
    truth = np.concatenate([world.garden(FIRST_SEED + number) for number in range(rollouts)])
    dream = torch.from_numpy(truth).float()
    keys = np.zeros((rollouts, 4), np.bool_)
    right = np.ones(rollouts, np.bool_)
    wrong_bits, wrong_player, exact = 0.0, 0.0, {}
    for number in range(1, steps + 1):
        keys = np.where(random.random(keys.shape) < HOLD, keys, random.random(keys.shape) < 0.4)
        truth = world.step(truth, keys)
        dream = decide(network(dream, torch.from_numpy(keys).float()))
        wrong = dream.numpy() != truth
        right &= ~wrong.any((1, 2, 3))
        wrong_bits += float(wrong.mean()) / steps
        wrong_player += float(wrong[:, world.PLAYER].any((1, 2)).mean()) / steps
        if number in {10, 50, 100} or number == steps:
            exact[number] = float(right.mean())
    flies = dream[:, world.WILD.start : world.LIT.stop].sum((1, 2, 3))
    return Errors(wrong_bits, wrong_player, exact, (int(flies.min()), int(flies.max())))


if __name__ == "__main__":
    print(free_running(load(Path(sys.argv[1]), torch.device("cpu")), int(sys.argv[2]), int(sys.argv[3])))

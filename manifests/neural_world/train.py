"""Learn the game: python train.py (README.md has the whole command).

The same seed gives the same weights on the same machine and version of torch, whether it was interrupted or not: each
step draws its examples from a generator of its own, and a checkpoint holds all the rest.
"""

import argparse
import csv
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import world
from network import Network
from rollouts import free_running
from safetensors.torch import save_file
from torch import nn

# Three batches of four are small gardens: there, most cells are near the player, where all that is hard happens.
SMALL, LARGE = (240, 8, 8), (64, world.ROWS, world.COLUMNS)  # gardens, rows, columns: about as many cells
RATE = 2e-3  # of learning, at its highest
WARM_UP = 200  # steps from 0 to it; then half a cosine back to 0
CHECKPOINT_EVERY = 250
TRAINED = Path(__file__).parent / "trained"


class Training:
    """All that a run needs to go on."""

    def __init__(self, steps: int, seed: int) -> None:
        self.steps, self.seed = steps, seed
        self.done, self.seconds = 0, 0.0
        self.losses: list[tuple[int, float, float]] = []  # step, loss, share of wrong cells
        torch.manual_seed(seed)
        self.network = Network().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), betas=(0.9, 0.99), weight_decay=0.01)

    def run(self, checkpoint: Path) -> None:
        """To the end, from wherever it is."""
        mean_loss = wrong = 0.0
        begun = time.monotonic()
        while self.done < self.steps:
            loss, missed = self._learn()
            mean_loss, wrong = mean_loss + loss / CHECKPOINT_EVERY, wrong + missed / CHECKPOINT_EVERY
            self.done += 1
            if self.done % CHECKPOINT_EVERY == 0:
                self.losses.append((self.done, mean_loss, wrong))
                self.seconds, begun = self.seconds + time.monotonic() - begun, time.monotonic()
                print(f"step {self.done}: loss {mean_loss:.2e}, wrong {wrong:.4%}, {self.seconds:.0f} s", flush=True)
                mean_loss = wrong = 0.0
                self._save(checkpoint)

    def _learn(self) -> tuple[float, float]:
        """One step: the loss, and the share of cells of which anything is said wrongly."""
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * _slope(self.done, self.steps)
        count, rows, columns = SMALL if self.done % 4 else LARGE
        states, keys = world.examples(count, np.random.default_rng((self.seed, self.done)), rows, columns)
        wanted = torch.from_numpy(world.step(states, keys))
        logits = self.network(_floats(states), _floats(keys))
        loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted.float())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), ((logits > 0) != wanted).any(1).float().mean().item()

    def _save(self, checkpoint: Path) -> None:
        whole: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "asked": (self.steps, self.seed),
            "reached": (self.done, self.seconds, self.losses),
        }
        part = checkpoint.with_suffix(".part")
        torch.save(whole, part)
        part.replace(checkpoint)

    @classmethod
    def resumed(cls, checkpoint: Path) -> "Training":
        """As the checkpoint left it."""
        whole = torch.load(checkpoint, weights_only=True)
        training = cls(*whole["asked"])
        training.done, training.seconds, training.losses = whole["reached"]
        training.network.load_state_dict(whole["network"])
        training.optimizer.load_state_dict(whole["optimizer"])
        return training


def _slope(step: int, steps: int) -> float:
    return min(step / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * step / steps))


def _floats(bits: np.ndarray[Any, np.dtype[np.bool_]]) -> torch.Tensor:
    return torch.from_numpy(bits).float()


def write(training: Training, folder: Path) -> None:
    """The weight folder `NeuralWorld`, and the loss curve beside it."""
    weights = folder / "NeuralWorld"
    weights.mkdir(exist_ok=True)
    about = {"seed": str(training.seed), "steps": str(training.steps)}
    plain = {name: tensor.contiguous() for name, tensor in training.network.state_dict().items()}
    save_file(plain, weights / "world.safetensors", about)
    with (folder / "loss.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["step", "loss", "share of wrong cells"])
        rows.writerows((step, f"{loss:.3e}", f"{wrong:.2e}") for step, loss, wrong in training.losses)


def main() -> None:
    """Train, or go on with it, then measure."""
    parser = argparse.ArgumentParser(description="Train the neural world.")
    parser.add_argument("--steps", type=int, default=11000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=TRAINED, help="for the weights, the loss curve and a checkpoint")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    checkpoint = arguments.out / "checkpoint"
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)

    training = Training(arguments.steps, arguments.seed)
    if checkpoint.exists():
        training = Training.resumed(checkpoint)
        if (training.steps, training.seed) != (arguments.steps, arguments.seed):
            sys.exit(f"{checkpoint} belongs to --steps {training.steps} --seed {training.seed}: delete it")
    training.run(checkpoint)
    write(training, arguments.out)
    print(free_running(training.network.eval(), rollouts=256, steps=200))


if __name__ == "__main__":
    main()

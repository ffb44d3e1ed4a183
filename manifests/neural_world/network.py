"""The network: it sees a state and the keys and says what the next state is."""

from pathlib import Path

import torch
import world
from safetensors.torch import load_file
from torch import Tensor, nn

WIDTH = 64  # features of a cell
DEPTH = 4  # blocks: with the first layer a cell sees 5 cells far; what may matter to it is 3 away


class Block(nn.Module):
    """Adds to every cell what follows from the cells around it."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.think = nn.Conv2d(WIDTH, WIDTH, 1)
        nn.init.zeros_(self.think.weight)  # at first it adds nothing: so it learns evenly

    def forward(self, features: Tensor) -> Tensor:
        """Features of all cells, (N, WIDTH, ROWS, COLUMNS), to such ones."""
        added: Tensor = self.think(self.look(features.relu()).relu())
        return features + added


class Network(nn.Module):
    """Convolutions over the garden, the keys at every cell: one step of the game, for N gardens."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(world.PLANES + 4, WIDTH, 3, padding=1)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.last = nn.Conv2d(WIDTH, world.PLANES, 1)

    def forward(self, states: Tensor, keys: Tensor) -> Tensor:
        """Logits of the next states' planes.

        Args:
            states: float (N, PLANES, ROWS, COLUMNS) of 0 and 1.
            keys: float (N, 4) of 0 and 1: w, a, s, d.
        """
        everywhere = keys[:, :, None, None].expand(-1, -1, *states.shape[2:])
        features = self.blocks(self.first(torch.cat([states, everywhere], 1)))
        logits: Tensor = self.last(features.relu())
        return logits


def decide(logits: Tensor) -> Tensor:
    """The most likely state, 0 and 1: each bit for itself, but the player is in exactly one cell."""
    states = (logits > 0).to(logits.dtype)
    places = logits[:, world.PLAYER].flatten(1)
    states[:, world.PLAYER] = nn.functional.one_hot(places.argmax(1), places.shape[1]).view_as(states[:, world.PLAYER])
    return states


def load(weights: Path, device: torch.device) -> Network:
    """The trained network from the weight folder, ready to be used."""
    network = Network()
    network.load_state_dict(load_file(weights / "world.safetensors"))
    return network.to(memory_format=torch.channels_last).to(device).eval()

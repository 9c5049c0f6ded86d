"""Windows a second: our loop, the textbook loop, and the same network in PyTorch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.table import Row, at_least, in_process
from core.anomaly import Config
from core.anomaly.autoencoder import Reconstruction, network
from core.backend import tensorflow
from core.data.windows import Windows
from core.recurrent import fused_lstm
from core.settings import settings
from core.training import Schedule, train

ROWS, CHANNELS, ROUNDS, EPOCHS = 12_000, 8, 3, 3
CONFIG = Config(lookback=30, units=32)
WINDOWS = ROWS - CONFIG.lookback + 1


def run() -> list[Row]:
    """Time each in a process of its own, in turns: a busy machine is slow for all alike.

    In one process the two libraries' threads would wait for one another.
    """
    speeds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, measured in speeds.items():
            measured.append(float(in_process("benchmarks.training", name)))
    speed = {name: float(np.median(measured)) for name, measured in speeds.items()}
    return [
        *(Row(f"training, {name}", value, "windows/s") for name, value in speed.items()),
        at_least("training, ours to textbook", speed["ours"] / speed["textbook"], 1.5, "x"),
        at_least("training, ours to PyTorch", speed["ours"] / speed["PyTorch"], 1.0, "x"),
    ]


def _ours(values: np.ndarray) -> float:
    """The project's loop: views, a compiled step, a fused LSTM."""
    tensorflow()
    import keras

    model = network(CONFIG, CHANNELS, fused_lstm())
    model.compile(keras.optimizers.Adam(0.001, global_clipnorm=1.0), "mse")
    windows = Reconstruction(Windows(values, [slice(0, ROWS)], CONFIG.lookback))
    few = Reconstruction(Windows(values, [slice(0, CONFIG.lookback)], CONFIG.lookback))
    history = train(
        model, windows, few, Schedule(1 + EPOCHS, CONFIG.batch_size, patience=99, seed=0)
    )
    return min(epoch["seconds"] for epoch in history[1:])  # the first one compiles


def _timed(epoch: Callable[[], None]) -> float:
    """Return the seconds of the fastest epoch after one that warms up."""
    epoch()
    seconds = []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _textbook(values: np.ndarray) -> float:
    """Windows appended to a list, `model.fit` with batch 32, as tutorials have it."""
    tensorflow()
    import keras

    windows = []
    for start in range(ROWS - CONFIG.lookback + 1):
        windows.append(values[start : start + CONFIG.lookback])
    examples = np.array(windows)
    model = network(CONFIG, CHANNELS, keras.layers.LSTM)
    model.compile("adam", "mse")

    return _timed(lambda: model.fit(examples, examples, epochs=1, batch_size=32, verbose=0))


def _pytorch(values: np.ndarray, batch_size: int = CONFIG.batch_size) -> float:
    """The same network with torch.nn.LSTM, fed from the same views."""
    import torch

    torch.set_num_threads(settings().threads)

    class Autoencoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = torch.nn.LSTM(CHANNELS, CONFIG.units, batch_first=True)
            self.decoder = torch.nn.LSTM(CONFIG.units, CONFIG.units, batch_first=True)
            self.head = torch.nn.Linear(CONFIG.units, CHANNELS)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            _, (code, _) = self.encoder(x)
            repeated = code[-1][:, None].expand(-1, CONFIG.lookback, -1)
            return self.head(self.decoder(repeated)[0])

    model = Autoencoder()
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    windows = Windows(values, [slice(0, ROWS)], CONFIG.lookback)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        order = rng.permutation(len(windows))
        for start in range(0, len(order), batch_size):
            batch = torch.from_numpy(windows.take(order[start : start + batch_size]))
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(batch), batch.flip(1))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

    return _timed(epoch)


WAYS: dict[str, Callable[[np.ndarray], float]] = {
    "ours": _ours,
    "textbook": _textbook,
    "PyTorch": _pytorch,
    "PyTorch, batch 32": partial(_pytorch, batch_size=32),
}

if __name__ == "__main__":
    example = np.random.default_rng(0).normal(size=(ROWS, CHANNELS)).astype(np.float32)
    print(WINDOWS / WAYS[sys.argv[1]](example))

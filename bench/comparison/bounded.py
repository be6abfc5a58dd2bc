"""Neural training within a time: Rasa's components know epochs only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from tensorflow.keras.callbacks import Callback


@dataclass(frozen=True)
class Bounds:
    """At most so many epochs, at most so many seconds of the processor's time for a neural training."""

    epochs: int
    seconds: float

    @property
    def settings(self) -> dict[str, Any]:
        """Return what DIET and the ResponseSelector are told; all else is Rasa's default."""
        return {"epochs": self.epochs, "random_seed": 1, "constrain_similarities": True}


class Clock(Callback):
    """Ends a training after the epoch in which its time is up; counts the epochs.

    The time is the processor's, so that a busy machine makes a training longer, not worse.

    Attributes:
        accuracy: The share of the training examples that the last epoch had right.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.epochs = 0
        self.accuracy = 0.0
        self._seconds = seconds
        self._began = time.process_time()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """See parent class."""
        self.epochs = epoch + 1
        self.accuracy = next((value for name, value in (logs or {}).items() if name.endswith("_acc")), 0.0)
        if time.process_time() - self._began > self._seconds:
            self.model.stop_training = True


    @property
    def note(self) -> str:
        """Say how far the training came."""
        return f"{self.epochs} epochs, then {self.accuracy:.1%} of the training examples right"


@contextmanager
def bounded_epochs(seconds: float) -> Iterator[Clock]:
    """Let the clock end what DIET (and the ResponseSelector, which is one) trains inside."""
    clock = Clock(seconds)
    with mock.patch("rasa.utils.train_utils.create_common_callbacks", lambda *_, **__: [clock]):
        yield clock

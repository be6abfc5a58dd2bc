"""Trained models on disk: which one is current, training another."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from bot.settings import Settings


class EngineMissing(Exception):
    """The engine's environment is not installed; `make install` does it."""


class TrainingFailed(Exception):
    """Training ended with an error; the message holds its last lines."""


def engine_python(settings: Settings) -> Path:
    """Return the interpreter of the engine's environment.

    Raises:
        EngineMissing: Run `make install`.
    """
    python = settings.root / ".venv-engine" / "bin" / "python"
    if not python.exists():
        raise EngineMissing(str(python))
    return python


def current_model(settings: Settings) -> Path | None:
    """Return the newest model, None before the first training."""
    models = sorted((settings.root / "models").glob("*.tar.gz"))
    return models[-1] if models else None


def train(settings: Settings, say: Callable[[str], None]) -> Path:
    """Train a model from the repository's data, passing on what the trainer prints.

    Raises:
        TrainingFailed: The data or the configuration is wrong; the lines above say where.
    """
    command = [str(engine_python(settings)), "-m", "bot.engine.train", "--out", str(settings.root / "models")]
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=settings.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            say(f"train {line.rstrip()}")
    model = current_model(settings)
    if process.returncode != 0 or model is None:
        raise TrainingFailed("\n".join(lines[-20:]))
    return model

"""The model that all tests of a run share: trained once, from the data as they are."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bot.ops.models import EngineMissing, current_model, engine_python
from bot.settings import PROJECT_ROOT, Settings

#: Training takes three minutes on two quiet cores.
_TRAINING_SECONDS = 900
#: What a model is trained from; `bot/engine` holds the components, the domain, the rules and the importer.
_TRAINED_FROM = ("config.yml", "nlu_data", "bot/engine", "knowledge_base/articles", "knowledge_base/forms")


def missing_engine() -> str | None:
    """Say why no engine can run here; None if one can."""
    try:
        engine_python(Settings())
    except EngineMissing as error:
        return f"the engine's environment is missing ({error}): make install"
    return None


def train_if_stale(say: Callable[[str], None] = print) -> Path:
    """Return a model that is newer than what models are trained from; train one if there is none."""
    model = current_model(Settings())
    files = [path for name in _TRAINED_FROM for path in _files(PROJECT_ROOT / name)]
    if model and model.stat().st_mtime > max(path.stat().st_mtime for path in files):
        return model
    say("training a model")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("rightsdesk")), "train"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=_TRAINING_SECONDS,
    )  # fmt: skip
    trained = current_model(Settings())
    assert done.returncode == 0 and trained, done.stdout[-2000:] + done.stderr[-2000:]
    return trained


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]

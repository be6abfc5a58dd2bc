"""What serving and training have in common: a quiet Rasa that reports progress and sends nothing out."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Type

REPOSITORY = Path(__file__).resolve().parents[2]

_started = time.monotonic()


def prepare_environment(log_level: str) -> None:
    """Set what Rasa and TensorFlow read from the environment; call before the first import of Rasa.

    Args:
        log_level: Used unless LOG_LEVEL says otherwise.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("LOG_LEVEL", log_level)
    # A message's products are too small to share: threads that wait for each other take longer than the work, all the more
    # where the other core is busy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Rasa resolves the component classes of config.yml by import path.
    sys.path.insert(0, str(REPOSITORY))
    # TensorFlow imports JAX, where it finds it, for a converter that nothing here uses: 75 MB, and two seconds.
    sys.modules.setdefault("jax", None)  # type: ignore[arg-type]
    # Rasa's dependencies turn these on again while they are imported, hence the variable as well.
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    _silence_deprecations()


def configure_logging() -> None:
    """Send Rasa's logs to standard output from LOG_LEVEL up; below it Rasa logs what citizens write."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    level = logging.getLevelName(os.environ["LOG_LEVEL"])
    configure_logging_and_warnings(level, warn_only_once=True, filter_repeated_logs=True)
    configure_structlog(level)


def progress(step: str) -> None:
    """Print one step with the seconds since the start, at once even into a pipe."""
    print(f"engine {time.monotonic() - _started:6.1f}s  {step}", flush=True)


def _silence_deprecations() -> None:
    """Deprecations inside Rasa's pinned packages concern nobody who runs this.

    Filters do not last: some of the packages reset them while they are imported.
    """
    show = warnings.showwarning

    def show_others(message: Any, category: Type[Warning], *place: Any, **more: Any) -> None:
        if not issubclass(category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
            show(message, category, *place, **more)

    warnings.showwarning = show_others

"""Train a model from the repository's data and write it to `<out>/<UTC timestamp>.tar.gz`.

    .venv-engine/bin/python -m bot.engine.train --out models/

Everything is trained anew: it takes a few minutes, and the same data gives the same answers.
The path of the model is the last line printed.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import uuid
import warnings
from typing import List, Optional

from bot.engine.runtime import REPOSITORY, configure_logging, prepare_environment, progress


def main(arguments: Optional[List[str]] = None) -> int:
    """Train; return the exit code."""
    options = _options(arguments)
    os.makedirs(options.out, exist_ok=True)
    # From ERROR up Rasa draws no progress bars, which are thousands of lines in a log file.
    prepare_environment("ERROR")
    progress("loading libraries")
    model = _train(os.path.abspath(options.out), options.name)
    progress("done")
    print(model)
    return 0


def _options(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bot.engine.train", description="Train the engine's model.")
    parser.add_argument("--out", default=str(REPOSITORY / "models"), help="folder for the model")
    parser.add_argument("--name", default=time.strftime("%Y%m%d-%H%M%S", time.gmtime()), help="name of the model")
    return parser.parse_args(arguments)


def _train(out: str, name: str) -> str:
    import rasa.model_training

    configure_logging()
    # The lines that say which component is being trained.
    logging.getLogger("rasa.engine.training.hooks").setLevel(logging.INFO)
    # Rasa looks for its own ResponseSelector class; here ArticleSelector does that work.
    warnings.filterwarnings("ignore", message=".*does not include a response selector.*")
    _forget_fingerprints()
    _share_examples()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["RASA_CACHE_DIRECTORY"] = cache
        progress("reading knowledge base, examples and rules")
        result = rasa.model_training.train(
            domain="",
            config=str(REPOSITORY / "config.yml"),
            training_files=None,
            output=out,
            fixed_model_name=name,
            force_training=True,
            # Rules must not be mixed with made-up longer dialogues.
            core_additional_arguments={"augmentation_factor": 0},
        )
    if not result.model:
        raise SystemExit("engine: nothing was trained, see above")
    return result.model


def _forget_fingerprints() -> None:
    """Give every state of the training data a new fingerprint instead of a hash of all its tokens.

    Rasa compares fingerprints to reuse what an earlier training left in its cache. Here the cache is new
    every time, and hashing after each component took two thirds of the training. It compares those of
    messages to drop examples that stand there twice, which a test excludes, and for policies that learn, of which
    there is none here.
    """
    from rasa.shared.nlu.training_data.message import Message
    from rasa.shared.nlu.training_data.training_data import TrainingData

    TrainingData.fingerprint = lambda data: uuid.uuid4().hex
    Message.fingerprint = lambda message: f"{id(message):x}"


def _share_examples() -> None:
    """Let merged training data have the same messages instead of copies.

    Rasa copies all examples for each of the importers that it wraps around ours, a tenth of the training; none of them changes
    an example, and components get theirs only after the last one.
    """
    from rasa.shared.nlu.training_data.message import Message

    Message.__deepcopy__ = lambda message, memo: message


if __name__ == "__main__":
    sys.exit(main())

"""What the methods are trained on and measured with."""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.importer import ARTICLE_BODY, DeskImporter
from bot.engine.nlu.labels import carried
from bot.engine.runtime import REPOSITORY

HELD_OUT = REPOSITORY / "tests" / "dialogue" / "held_out.yml"
_EXAMPLES, _STORAGE, _CONFIG = "examples.pickle", "components", "config.yml"
# The pipeline's components before this one find features; it and those after it judge.
_FIRST_JUDGE = "LinearIntentClassifier"


@dataclass
class Prepared:
    """The training data with features, and the trained components that find them in a new message."""

    folder: Path
    training: TrainingData
    featurizers: list[Any]
    settings: dict[str, dict[str, Any]]

    def featurised(self, text: str) -> Message:
        """Return a message with the features of the pipeline."""
        return self._message(text, self.featurizers)

    def tokenized(self, text: str) -> Message:
        """Return a message with its words only: normalised and cut, as the pipeline does it."""
        cutter = next(i for i, component in enumerate(self.featurizers) if isinstance(component, Tokenizer))
        return self._message(text, self.featurizers[: cutter + 1])

    @staticmethod
    def _message(text: str, components: list[Any]) -> Message:
        message = Message({TEXT: text})
        for component in components:
            component.process([message])
        return message


@dataclass(frozen=True)
class Question:
    """A labelled question of a file; `topics` are the label and what else is accepted."""

    text: str
    topic: str
    topics: frozenset[str]
    right: str


def prepare(folder: Path, every: int = 1) -> None:
    """Train the featurizers, and store them and the featurised data.

    Args:
        every: Of each article's and each other intent's examples one in so many is taken; all articles' own words are.
    """
    shutil.copy(REPOSITORY / "config.yml", folder / _CONFIG)
    config = _config(folder)
    importer = dict(config["importers"][0])
    importer.pop("name")
    data = _share(DeskImporter(str(REPOSITORY / "config.yml"), **importer).get_nlu_data(), every)
    storage = LocalModelStorage(_made(folder / _STORAGE))
    for name, component, settings in _featurizers(config):
        made = component.create(settings, storage, Resource(name), _context(name))
        if hasattr(made, "train"):
            made.train(data)
        data = made.process_training_data(data)
    (folder / _EXAMPLES).write_bytes(pickle.dumps(data))


def load(folder: Path) -> Prepared:
    """Load what `prepare` stored."""
    config = _config(folder)
    storage = LocalModelStorage(folder / _STORAGE)
    featurizers = []
    for name, component, settings in _featurizers(config):
        trained = hasattr(component, "train")
        make = component.load if trained else component.create
        featurizers.append(make(settings, storage, Resource(name), _context(name)))
    training = pickle.loads((folder / _EXAMPLES).read_bytes())
    items = {item["name"].rpartition(".")[2]: _settings(item) for item in reversed(config["pipeline"])}
    return Prepared(folder, training, featurizers, items)


def make_component(component: Any, settings: dict[str, Any], folder: Path) -> Any:
    """Return an untrained component with these settings over its defaults."""
    name = component.__name__
    storage = LocalModelStorage(_made(folder / f"{_STORAGE}-{name}"))
    settings = {**component.get_default_config(), **settings}
    return component.create(settings, storage, Resource(name), _context(name))


def held_out() -> list[tuple[str, str]]:
    """Return (intent, text) of the sentences that nothing is trained on."""
    sections = yaml.safe_load(HELD_OUT.read_text("utf-8"))
    pairs = [pair for part in ("intents", "traps", "ours") for pair in sections[part].items()]
    return [(intent.partition("/")[0], text) for intent, texts in pairs for text in texts]


def read_questions(path: Path | None) -> list[Question]:
    """Return the labelled questions of a JSON-lines file; none without a file."""
    if path is None:
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Question(
            text=row["text"],
            topic=row["topic"],
            topics=frozenset([row["topic"], *(row.get("alt_topics") or ())]),
            right=row["right"],
        )
        for row in rows
    ]


def _share(data: TrainingData, every: int) -> TrainingData:
    """Return the data with one example in so many, taken evenly from each label."""
    if every == 1:
        return data
    seen: Counter[str | None] = Counter()
    kept = []
    for example in data.training_examples:
        label = example.get(INTENT_RESPONSE_KEY) or example.get(INTENT)
        if ARTICLE_BODY in carried(example):
            kept.append(example)
            continue
        if seen[label] % every == 0:
            kept.append(example)
        seen[label] += 1
    return TrainingData(kept, regex_features=data.regex_features, responses=data.responses)


def _config(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / _CONFIG).read_text("utf-8"))


def _featurizers(config: dict[str, Any]) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return (name, class, settings) of the components that find features."""
    found = []
    for place, item in enumerate(config["pipeline"]):
        module, _, name = item["name"].rpartition(".")
        if name == _FIRST_JUDGE:
            break
        component = getattr(importlib.import_module(module), name)
        found.append((f"{name}{place}", component, {**component.get_default_config(), **_settings(item)}))
    return found


def _settings(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "name"}


def _context(name: str) -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), node_name=name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""What the trained components share: how they are made, and a model folder with JSON and NumPy files.

No pickles: loading a model can never run code that the model file brought along.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


class TrainedComponent(GraphComponent):
    """A component that learns from examples; subclasses say what they learn and how it is stored."""

    def __init__(self, config: Dict[Text, Any], name: Text, storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._name = name
        self._storage = storage
        self._resource = resource

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TrainedComponent:
        """Create an untrained component (see parent class)."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TrainedComponent:
        """Load a trained component from the model."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component.read(folder)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Learn, and store what was learnt in the model."""
        self.learn(training_data)
        with self._storage.write_to(self._resource) as folder:
            self.write(folder)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Work on messages in place."""
        for message in messages:
            self.work(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Work on the training examples in place (featurizers only)."""
        self.process(training_data.training_examples)
        return training_data

    @abstractmethod
    def learn(self, training_data: TrainingData) -> None:
        """Learn from examples."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Store what was learnt."""

    @abstractmethod
    def read(self, folder: Path) -> None:
        """Restore what `write` stored."""

    @abstractmethod
    def work(self, message: Message) -> None:
        """Add to a message what was found in it."""

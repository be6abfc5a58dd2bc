"""Follow-up: a short question that leans on the one before is completed with it.

那外观设计呢？ after 发明专利保护多久 asks 外观设计保护多久; 要交多少钱 after 商标续展怎么办理 asks about the
renewal. The channel puts the question before into the metadata as `previous`.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.nlu.text import normalise

PREVIOUS = "previous"
# What a question can be about; one of these in the question before gives way to the new one.
_SUBJECT = re.compile(
    r"发明专利|实用新型专利?|外观设计专利?|外观专利|发明|外观设计|外观|专利权?|注册商标|商标权?|集体商标|证明商标|著作权|版权"
    r"|软件著作权|软著|软件|作品|地理标志|布图设计|植物新品种|品种权|商业秘密|企业名称|域名"
)
# 那外观设计呢, 软著呢, 换成商标的话呢, 如果是商标怎么办
_OTHER = re.compile(
    r"^(?:那么?|那如果|如果|要是|换成|换做|假如)?(?:是|换成)?(?P<subject>.{1,14}?)(?:的话|的)?(?:也是|也要|又)?"
    r"(?:呢|咋样|怎么样|一样吗|也一样吗|也是吗|是多久呢?)\s*\??$"
)
_LEANS = re.compile(r"^(?:那么?|还|另外|再问一下|那要|要|需要|得|大概|一般|可以)?.{0,12}$")
_ASKS = re.compile(r"多久|多长|多少|几年|几天|什么材料|哪些材料|费用|收费|流程|条件|在哪|去哪|怎么[办弄交查申]|期限|能不能|可以吗|要钱")
_LONGEST = 18


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class FollowUp(GraphComponent):
    """Completes messages in use; training examples stand on their own."""

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> FollowUp:
        """Create the component (see parent class)."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Complete messages in place."""
        for message in messages:
            previous = (message.get("metadata") or {}).get(PREVIOUS)
            text = message.get(TEXT)
            if previous and text:
                message.set(TEXT, completed(text, normalise(previous)) or text)
        return messages


def completed(text: Text, previous: Text) -> Optional[Text]:
    """Return the whole question, or None if the message stands on its own.

    Args:
        text: Normalised message.
        previous: Normalised question before it.
    """
    other = _OTHER.match(text)
    subject = _SUBJECT.search(other["subject"]) if other else None
    if subject and _SUBJECT.search(previous):
        # Only the first place: a second subject in the question before is something else.
        return _SUBJECT.sub(subject.group(), previous, count=1)
    topic = _SUBJECT.search(previous)
    if topic and len(text) <= _LONGEST and _LEANS.match(text) and _ASKS.search(text) and not _SUBJECT.search(text):
        return f"{_head(previous)},{text}"
    return None


def is_follow_up(text: Text) -> bool:
    """Tell whether a message can only be understood with the one before."""
    return bool(_OTHER.match(text)) and len(text) <= _LONGEST


def _head(previous: Text) -> Text:
    """Return what the question before was about, without what it asked."""
    return re.sub(r"(?:怎么办理?|怎么[弄做交查]|是?多久|多少钱|吗|呢|什么|如何|怎样|请问|\?)", "", previous)[:40]

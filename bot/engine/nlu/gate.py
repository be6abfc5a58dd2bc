"""Digression gate: while a form asks, is this message the answer, or something else?

A classifier cannot know: 没有 is an answer to one question and a refusal to another, and a story about
an infringement looks just like a question about one. So the form's question decides. What is plainly
something else keeps its intent (a legal question, 转人工, 取消, 改电话); everything else becomes
`answer_field`, and the desk's validation says what is wrong with it.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Type

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.forms import CONFIRM, Field, Form, load_forms
from bot.engine.nlu.classifier import EXACT
from bot.engine.nlu.component import TrainedComponent
from bot.engine.nlu.patterns import NOTHING, patterns_of
from bot.engine.nlu.text import core
from bot.engine.runtime import REPOSITORY

ANSWER = "answer_field"
COMMANDS = frozenset(
    {
        "cancel_form", "correct_field", "resume_form", "save_form", "resume_draft", "request_human", "back_to_bot",
        "report_urgent",
    }
)
REQUESTS = frozenset(
    {"check_ticket", "open_complaint", "open_assistance", "add_to_ticket", "withdraw_ticket", "lost_ticket_number"}
)
QUESTIONS = frozenset({"faq", "ask_out_of_scope", "ask_bot", "ask_capabilities", "ask_office"})
TALK = frozenset({"greet", "goodbye", "thank", "wait", "complain_about_bot"})

_STORED = "forms.json"
# Fields whose answers are sentences, as against a number, a place, a date or one of a few words.
_FREE = frozenset({"text", "narrative", "list", "extent"})
_PATTERNS = ("asks", "changes", "cancels", "human", "ticket", "draft")
_CLOSED = frozenset({"choice", "yes_no"})


@dataclass(frozen=True)
class Question:
    """What the form asks just now.

    Attributes:
        kind: As in the form's file, or `confirm` for the summary.
        answers: Titles and aliases of the choices, as `core` writes them.
        aliases: How the form's fields are named in corrections, likewise.
    """

    kind: Text
    skippable: bool
    answers: List[Text]
    aliases: List[Text]


@dataclass(frozen=True)
class Heard:
    """What the earlier components make of the message."""

    text: Text
    core: Text
    intent: Text
    confidence: float
    exact: bool


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DigressionGate(TrainedComponent, IntentClassifier):
    """Decides between answer and digression; does nothing while no form asks.

    The channel puts `requested_slot` into the message's metadata.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        """None that Rasa could check: classifiers do not run in training, and this one learns no more than the forms."""
        return []

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Settings.

        `forms` is the folder of the forms, relative to the repository. A command or a question must be
        as confident as `command` or `question`, and no longer than so many characters where the field
        takes sentences (`free_…`) or short answers. Where one of a few words is asked for, a longer
        text (`story_length`) that names none of them needs less confidence (`story`).
        """
        return {
            "forms": "knowledge_base/forms",
            "asks_pattern": "asks",
            "changes_pattern": "changes",
            "cancels_pattern": "cancels",
            "human_pattern": "human_word",
            "ticket_pattern": "ticket_number",
            "draft_pattern": "draft_number",
            "command": 0.6,
            "question": 0.5,
            "free_command_length": 12,
            "command_length": 30,
            "narrative_question_length": 30,
            "text_question_length": 45,
            "story": 0.3,
            "story_length": 10,
            "near": 0.75,
            "ticket_length": 45,
        }

    def __init__(self, config: Dict[Text, Any], name: Text, *storage: Any) -> None:
        TrainedComponent.__init__(self, config, name, *storage)
        self._questions: Dict[Text, Question] = {}
        self._set_patterns(dict.fromkeys(_PATTERNS, NOTHING))

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """Train anew when a form changes, which Rasa cannot see from the settings."""
        forms = load_forms(REPOSITORY / config.get("forms", cls.get_default_config()["forms"]))
        return hashlib.sha256(repr(forms).encode()).hexdigest()

    def learn(self, training_data: TrainingData) -> None:
        """Take over the forms' questions, and the patterns of nlu_data."""
        for form in load_forms(REPOSITORY / self._config["forms"]):
            self._questions.update(_questions(form))
        known = patterns_of(training_data)
        self._set_patterns({name: known.get(self._config[f"{name}_pattern"], NOTHING) for name in _PATTERNS})

    def _set_patterns(self, patterns: Dict[Text, Text]) -> None:
        self._patterns = patterns
        self._asks, self._changes, self._cancels, self._human, self._ticket, self._draft = (
            re.compile(patterns.get(name, NOTHING)) for name in _PATTERNS
        )

    def write(self, folder: Path) -> None:
        """Store them."""
        stored = {
            "questions": {slot: vars(question) for slot, question in self._questions.items()},
            "patterns": self._patterns,
        }
        (folder / _STORED).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Restore them."""
        stored = json.loads((folder / _STORED).read_text(encoding="utf-8"))
        self._questions = {slot: Question(**question) for slot, question in stored["questions"].items()}
        self._set_patterns(stored["patterns"])

    def work(self, message: Message) -> None:
        """Set the intent of a message that comes while a form asks, or that names a ticket."""
        text = message.get(TEXT) or ""
        for pattern, meant in ((self._draft, "resume_draft"), (self._ticket, "check_ticket")):
            if self._names(message, pattern):
                message.set(INTENT, {"name": meant, "confidence": 1.0}, add_to_output=True)
                return
        question = self._questions.get((message.get("metadata") or {}).get("requested_slot") or "")
        if question is None or text.startswith(INTENT_MESSAGE_PREFIX):
            return
        heard = _heard(message, text)
        intent = self._decide(question, heard)
        confidence = heard.confidence if intent == heard.intent else 1.0
        message.set(INTENT, {"name": intent, "confidence": confidence}, add_to_output=True)

    def _names(self, message: Message, number: re.Pattern[str]) -> bool:
        """Tell whether it is the number of a ticket or of a saved form, with little else: the number as
        written, since normalising shortens long runs of one digit."""
        written = str((message.get("metadata") or {}).get("written") or "").upper()
        return len(written) <= self._config["ticket_length"] and bool(number.search(written))

    def _decide(self, question: Question, heard: Heard) -> Text:
        """Return the intent: first what is certain, then what is likely, else an answer."""
        if heard.core in question.answers:
            return ANSWER
        if question.kind == CONFIRM:
            return self._at_summary(question, heard)
        if heard.exact and heard.intent in COMMANDS | REQUESTS | TALK | QUESTIONS:
            return heard.intent
        if heard.exact and (heard.intent == "skip_field" or (heard.intent == "deny" and question.skippable)):
            return "skip_field" if question.kind != "yes_no" else ANSWER
        if self._corrects(question, heard):
            return "correct_field"
        if self._wants_person(question, heard):
            return "request_human"
        if self._is_command(question, heard) or self._is_question(question, heard):
            return heard.intent
        return ANSWER

    def _at_summary(self, question: Question, heard: Heard) -> Text:
        """Nothing but the plain words submits; what is in doubt is an answer, and the desk asks again."""
        if heard.intent == "affirm" and heard.exact:
            return "affirm"
        if self._cancels.search(heard.text):
            return "cancel_form"
        if (heard.intent == "deny" and heard.exact) or self._changes.search(heard.text):
            return "correct_field"
        if any(alias in heard.core for alias in question.aliases) and not self._asks.search(heard.text):
            return "correct_field"
        if heard.exact and heard.intent in TALK:
            return heard.intent
        if heard.intent in COMMANDS | REQUESTS and (heard.exact or heard.confidence >= self._config["command"]):
            return heard.intent
        if heard.intent in QUESTIONS and (heard.exact or self._asks_surely(heard)):
            return heard.intent
        return ANSWER

    def _asks_surely(self, heard: Heard) -> bool:
        return bool(self._asks.search(heard.text)) and heard.confidence >= self._config["question"]

    def _corrects(self, question: Question, heard: Heard) -> bool:
        """Tell whether an earlier answer is to be changed: short, or with the name of a field."""
        if not self._changes.search(heard.text):
            return False
        named = any(alias in heard.core for alias in question.aliases)
        return self._is_short(question, heard) or (named and len(heard.text) <= self._config["command_length"])

    def _wants_person(self, question: Question, heard: Heard) -> bool:
        """Tell whether a person is asked for in so many words where no story is told."""
        return question.kind != "narrative" and bool(self._human.search(heard.text)) and (
            len(heard.text) <= self._config["command_length"]
        )

    def _is_command(self, question: Question, heard: Heard) -> bool:
        if heard.intent not in COMMANDS | REQUESTS | TALK | {"skip_field"}:
            return False
        if heard.intent in TALK | REQUESTS and question.kind in _FREE:
            return False
        return heard.confidence >= self._config["command"] and self._is_short(question, heard)

    def _is_question(self, question: Question, heard: Heard) -> bool:
        if heard.intent not in QUESTIONS:
            return False
        if question.kind in _CLOSED and self._is_story(question, heard):
            return True
        if not self._asks.search(heard.text):
            return False
        longest = dict.fromkeys(_FREE, self._config["text_question_length"])
        longest["narrative"] = self._config["narrative_question_length"]
        if question.kind in longest:
            return heard.confidence >= self._config["question"] and len(heard.text) <= longest[question.kind]
        return not self._is_near_a_choice(question, heard)

    def _is_story(self, question: Question, heard: Heard) -> bool:
        """Tell whether somebody tells a case where one of a few words was asked for."""
        names_an_answer = any(answer in heard.core for answer in question.answers)
        long_enough = len(heard.core) >= self._config["story_length"]
        return long_enough and not names_an_answer and heard.confidence >= self._config["story"]

    def _is_short(self, question: Question, heard: Heard) -> bool:
        free = question.kind in _FREE
        return len(heard.text) <= self._config["free_command_length" if free else "command_length"]

    def _is_near_a_choice(self, question: Question, heard: Heard) -> bool:
        return bool(difflib.get_close_matches(heard.core, question.answers, 1, self._config["near"]))


def _heard(message: Message, text: Text) -> Heard:
    intent = message.get(INTENT) or {"name": None, "confidence": 0.0}
    ranking = message.get(INTENT_RANKING_KEY) or [intent]
    if intent["name"] == DEFAULT_NLU_FALLBACK_INTENT_NAME:
        intent = ranking[0]
    # How sure it is that this is a question matters here, not how sure its article is.
    intent = next((found for found in ranking if found["name"] == intent["name"]), intent)
    return Heard(text, core(text), intent["name"] or "", intent["confidence"], bool(message.get(EXACT)))


def _questions(form: Form) -> Dict[Text, Question]:
    aliases = sorted({core(alias) for field in form.fields for alias in field.aliases if len(alias) > 1})
    questions = {form.slot(field.name): _question(field, aliases) for field in form.fields}
    questions[form.confirm_slot] = Question(CONFIRM, False, [], aliases)
    return questions


def _question(field: Field, aliases: List[Text]) -> Question:
    answers = sorted({core(name) for choice in field.choices for name in choice.names})
    return Question(field.kind, field.skippable, answers, aliases)

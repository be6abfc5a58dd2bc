"""Questions that a tool asks one after the other, as data.

::

    questions:
      - field: right
        ask: 是哪一类权利？
        choices:
          - {value: patent, title: 专利, aliases: [发明, 实用新型, 外观设计]}
      - field: goal
        ask: 最想要的是什么？
        when: {matter: [infringed]}
        choices: …

``when`` at a question or a choice says for which earlier answers it is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.knowledge.datafile import Fields
from bot.knowledge.statements import fits, read_condition
from bot.tools.model import Choice, Question, ToolInputError


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice and the earlier answers for which it is meant."""

    choice: Choice
    when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the earlier answers for which it is asked."""

    field: str
    text: str
    when: Mapping[str, tuple[str, ...]]
    offers: tuple[Offer, ...]

    def choices(self, known: Mapping[str, str]) -> tuple[Choice, ...]:
        """Return the choices that make sense after what is known."""
        return tuple(offer.choice for offer in self.offers if _is_met(offer.when, known))


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one tool, in order.

    Attributes:
        topic: Label of the matter asked about.
    """

    asked: tuple[Asked, ...]
    topic: str

    def go_through(self, given: Mapping[str, str]) -> tuple[dict[str, str], Question | None]:
        """Return the answers that count, by value, and the first question still open.

        Answers to questions that are not asked in this case are passed over.

        Raises:
            ToolInputError: An answer is none of the choices.
        """
        known: dict[str, str] = {}
        for asked in self.asked:
            if not _is_met(asked.when, known):
                continue
            choices = asked.choices(known)
            if asked.field not in given:
                right = known.get("right", "general")
                return known, Question(asked.field, asked.text, "choice", choices, self.topic, right)
            choice = find_choice(given[asked.field], choices)
            if choice is None:
                raise ToolInputError(asked.field, "choice", choices="、".join(c.title for c in choices))
            known[asked.field] = choice.value
        return known, None

    def read(self, text: str) -> dict[str, str]:
        """Return the answers that a sentence already tells: those of which exactly one is named.

        An answer that does not go with the earlier ones is not meant: it is left out.
        """
        told: dict[str, str] = {}
        for asked in self.asked:
            named = [offer for offer in asked.offers if _is_named(offer.choice, text)]
            if len(named) == 1 and fits(asked.when, told) and fits(named[0].when, told):
                told[asked.field] = named[0].choice.value
        return told

    def title(self, field: str, value: str) -> str:
        """Return the words of an answer."""
        offers = next(asked.offers for asked in self.asked if asked.field == field)
        return next(offer.choice.title for offer in offers if offer.choice.value == value)


def find_choice(answer: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the choice that an answer names by value, title, alias or number (1…), or None."""
    plain = answer.strip()
    for choice in choices:
        if plain in (choice.value, choice.title, *choice.aliases):
            return choice
    if plain.isdecimal() and 1 <= int(plain) <= len(choices):
        return choices[int(plain) - 1]
    return None


def read_questions(fields: Fields, topic: str) -> Questions:
    """Return the questions under the key ``questions``.

    Args:
        topic: Label of the matter asked about.
    Raises:
        DataError: Naming file and key of the first mistake.
    """
    return Questions(tuple(map(_asked, fields.children("questions"))), topic)


def _asked(fields: Fields) -> Asked:
    fields.only("field", "ask", "when", "choices")
    offers = tuple(map(_offer, fields.children("choices")))
    return Asked(fields.text("field"), fields.text("ask"), read_condition(fields, "when"), offers)


def _offer(fields: Fields) -> Offer:
    fields.only("value", "title", "aliases", "when")
    aliases = tuple(fields.texts("aliases", default=[]))
    return Offer(Choice(fields.text("title"), fields.text("value"), aliases), read_condition(fields, "when"))


def _is_met(when: Mapping[str, tuple[str, ...]], known: Mapping[str, str]) -> bool:
    """Tell whether what is known meets a condition; other than in statements, every field must be known."""
    return all(name in known for name in when) and fits(when, known)


def _is_named(choice: Choice, text: str) -> bool:
    return any(name in text for name in _names(choice))


def _names(choice: Choice) -> Iterable[str]:
    return (name for name in (choice.title, *choice.aliases) if len(name) > 1)

"""Tools in a dialogue: what a button carries, and the step that an answer leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode

from bot.texts import Texts
from bot.tools.model import Question, Result, Tool, ToolInputError

INTENT = "use_tool"
_MOST_FIELDS = 12
_MOST_CHARS = 300


@dataclass(frozen=True)
class Taken:
    """One step of a tool.

    Attributes:
        given: The answers that count; one that could not be used is left out.
        problem: What was wrong with that one, in Chinese; or None.
    """

    outcome: Question | Result
    given: dict[str, str]
    problem: str | None = None


def encode(given: Mapping[str, str]) -> str:
    """Return answers as one text without quotes or spaces, for buttons and slots."""
    return urlencode(dict(given))


def decode(text: str) -> dict[str, str]:
    """Return the answers that `encode` wrote; what is too much is cut off."""
    return {name: value[:_MOST_CHARS] for name, value in parse_qsl(text)[:_MOST_FIELDS]}


def payload(tool: str, given: Mapping[str, str] | None = None) -> str:
    """Return what a button sends that uses a tool."""
    entities = {"tool": tool} | ({"given": encode(given)} if given else {})
    return f"/{INTENT}{json.dumps(entities)}"


def take_step(tool: Tool, given: Mapping[str, str], texts: Texts, *, today: date) -> Taken:
    """Return the step for the answers given; an answer that cannot be used is asked for again."""
    kept, problem = dict(given), None
    while True:
        try:
            return Taken(tool.step(kept, today=today), kept, problem)
        except ToolInputError as error:
            problem = problem or words_for(texts, error)
            if error.field not in kept:
                raise
            del kept[error.field]


def words_for(texts: Texts, error: ToolInputError) -> str:
    """Return what is wrong with an answer, in Chinese."""
    key = f"tools.errors.{error.code}"
    try:
        return texts(key, **error.details)
    except KeyError:
        return texts("tools.errors.invalid")

"""What every tool is: asked with what is known so far, it answers with the next question or the result.

A tool keeps nothing. `given` holds the answers so far, field name to value as typed or chosen; the same
`given` on the same day always leads to the same step, in the dialogue, over HTTP and on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from bot.helpdesk.errors import HelpdeskError
from bot.knowledge import Cited

Kind = Literal["choice", "date", "text"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that a question offers.

    Attributes:
        title: What the button says.
        value: What stands in `given` once it is chosen.
        aliases: Other words for it that a citizen may type.
    """

    title: str
    value: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a tool has to know next.

    Attributes:
        field: Key under which the answer goes into `given`.
        text: The question, in Chinese.
        kind: `choice` takes the value, title, alias or number (1…) of a choice; `date` a day; `text` all else.
        choices: For `choice`; with another kind, answers worth offering as buttons.
        topic, right: Labels of the matter asked about.
    """

    field: str
    text: str
    kind: Kind
    choices: tuple[Choice, ...] = ()
    topic: str = "procedure"
    right: str = "general"


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool found, in the shape of an article's answer.

    Attributes:
        short: The answer in one paragraph.
        details: Markdown as in articles: paragraphs, lists, bold; no headings, tables, links.
        topic, right: Labels, as of an article (`bot.knowledge.articles`).
        citations: The provisions it rests on, as an article's.
        notice: What to mind, shown apart; or None.
        next: What to offer: article ids, `form:…`, `human`, `tool:<name>`.
        data: The same for programs: the JSON of command line and API. Plain values only.
        picture: Path of a picture on the citizen's site; or None.
    """

    short: str
    details: str
    topic: str
    right: str
    citations: tuple[Cited, ...] = ()
    notice: str | None = None
    next: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    picture: str | None = None


class ToolInputError(HelpdeskError):
    """A value in `given` cannot be used; say why and ask for the field again.

    Words: `tools.errors.<code>`, else `tools.errors.invalid`, filled in with `details`.

    Attributes:
        field: Its key in `given`.
        code: Why.
    """

    code = "tool_input"

    def __init__(self, field: str, code: str, **details: object) -> None:
        self.field, self.code = field, code
        super().__init__(**{"field": field, **details})


class Tool(Protocol):
    """One tool.

    Attributes:
        name: As in `tool:<name>`, the API and `given` of a button.
    """

    name: str

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return what a sentence already tells, as `given`; empty if nothing."""
        ...

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the next question, or the result.

        Keys that the tool does not know are passed over.

        Raises:
            ToolInputError: A value cannot be used.
        """
        ...

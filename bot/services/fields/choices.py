"""Choices and yes/no: the title, the number, a near match, or a mention inside a sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.services.fields.result import Accepted, Outcome, rejected
from bot.services.fields.vocabulary import Vocabulary, bare, is_sentence

VALUE_SEPARATOR = ","
_NEAR = 0.74  # one wrong character in four still counts
_ORDINALS = {c: n for n, c in enumerate("一二三四五六七八九十", start=1)}


@dataclass(frozen=True, slots=True)
class Choice:
    """One offered answer.

    Attributes:
        value: What is stored.
        title: What is shown.
        aliases: Other ways to say it.
    """

    value: str
    title: str
    aliases: tuple[str, ...] = ()
    names: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = (self.value, self.title, *self.aliases)
        object.__setattr__(self, "names", tuple(dict.fromkeys(bare(name) for name in names)))


def check_choice(text: str, choices: Sequence[Choice]) -> Outcome:
    """Return the one choice that the answer means."""
    found = find_exact(text, choices) or _by_number(text, choices)
    if found is None:
        mentioned = _mentioned(text, choices)
        if len(mentioned) > 1:
            options = "、".join(choice.title for choice in mentioned)
            return rejected("choice_several", options=options)
        found = mentioned[0] if mentioned else _near(text, choices)
    if found is None:
        return rejected("choice_unknown", example=choices[0].title)
    return Accepted(found.value, found.title)


def check_choices(text: str, choices: Sequence[Choice], words: Vocabulary) -> Outcome:
    """Return every choice that the answer names, in the order of the form."""
    parts = [part for part in _split(text, words.list_separators) if bare(part)]
    named = choices if bare(text) in words.all else _all_of(text, parts, choices)
    found = {choice.value for choice in named}
    chosen = [choice for choice in choices if choice.value in found]
    if not chosen:
        return rejected("choice_unknown", example=choices[0].title)
    value = VALUE_SEPARATOR.join(choice.value for choice in chosen)
    return Accepted(value, show_choices(value, choices))


def check_yes_no(text: str, words: Vocabulary, *, yes: Choice, no: Choice) -> Outcome:
    """Return yes or no; a negation anywhere at the start beats an agreement after it."""
    said = bare(text).removeprefix("我")
    found = find_exact(text, (no, yes))
    if found is None and (said in words.no or _starts(said, words.no | set(no.names))):
        found = no
    if found is None and (said in words.yes or _starts(said, words.yes | set(yes.names))):
        found = yes
    if found is None:
        return rejected("yes_no_unclear", yes=yes.title, no=no.title)
    return Accepted(found.value, found.title)


def show_choices(value: str, choices: Sequence[Choice]) -> str:
    """Return the titles of a stored value; an unknown one (an old form) is shown as it is."""
    titles = {choice.value: choice.title for choice in choices}
    return "、".join(titles.get(part, part) for part in value.split(VALUE_SEPARATOR))


def find_exact(text: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the choice whose value, title or alias is the whole answer."""
    if not choices or is_sentence(text):
        return None
    said = bare(text)
    return next((choice for choice in choices if said in choice.names), None)


def _by_number(text: str, choices: Sequence[Choice]) -> Choice | None:
    match = re.fullmatch(r"(?:第|选|选第|选择)?(\d{1,2}|[一二三四五六七八九十])(?:[、.]|项|个|号|条)?", bare(text))
    if match is None:
        return None
    number = int(match[1]) if match[1].isdigit() else _ORDINALS[match[1]]
    return choices[number - 1] if 1 <= number <= len(choices) else None


def _mentioned(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices named inside a sentence; a name within a longer name does not count."""
    rest = bare(text)
    names = sorted(((n, c) for c in choices for n in c.names if len(n) > 1), key=lambda item: -len(item[0]))
    found: list[Choice] = []
    for name, choice in names:
        if name in rest:
            rest = rest.replace(name, "\0")
            if choice not in found:
                found.append(choice)
    return sorted(found, key=choices.index)


def _near(text: str, choices: Sequence[Choice]) -> Choice | None:
    said = bare(text)
    scored = [
        (difflib.SequenceMatcher(None, said, name).ratio(), index)
        for index, choice in enumerate(choices)
        for name in choice.names
        if len(said) > 2 and len(name) > 2
    ]
    score, index = max(scored, default=(0.0, 0))
    return choices[index] if score >= _NEAR else None


def _all_of(text: str, parts: Sequence[str], choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices meant by a list; first part by part, then anywhere in the text."""
    found: list[Choice] = []
    for part in parts:
        one = find_exact(part, choices) or _by_number(part, choices)
        found += [one] if one else _mentioned(part, choices) or [c for c in [_near(part, choices)] if c]
    return found or _mentioned(text, choices)


def _split(text: str, separators: Sequence[str]) -> list[str]:
    pattern = "|".join(re.escape(s) for s in sorted(separators, key=len, reverse=True))
    return re.split(rf"{pattern}|\s+", text)


def _starts(said: str, words: frozenset[str] | set[str]) -> bool:
    """Tell whether a short answer starts with one of the longer words: 同意的, 好的没问题."""
    return len(said) <= 12 and any(len(word) > 1 and said.startswith(word) for word in words)

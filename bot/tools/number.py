"""The number reader: what kind of number it is, whether it can be right, where its status stands officially.

`given`: `number`, as typed. Form and check digits are judged by `bot.helpdesk.identifiers`, credit codes by
python-stdnum; the words are in `knowledge_base/numbers/kinds.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError

from bot.helpdesk.identifiers import (
    Checked,
    check_patent_number,
    check_software_number,
    check_trademark_number,
    check_work_number,
    clean,
    compact,
    identify,
)
from bot.knowledge.articles import RIGHTS
from bot.knowledge.datafile import Fields, read_mapping
from bot.tools.model import Question, Result, ToolInputError
from bot.tools.sources import Sources

_CREDIT_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_PUBLICATION = re.compile(r"CN\d{7,9}([A-Z])\d?")
# Numbers in a sentence, the kinds with letters first. Spaces may stand between digits.
_IN_TEXT = (
    re.compile(r"(?:TS|YZ|ZX)(?:[\s\-]*[0-9OIL]){13}"),
    re.compile(r"[㐀-鿿]作登字-?\d{4}-?[A-Z]-?\d{5,8}号?"),
    re.compile(r"软著登字第?[A-Z]{0,2}\d{4,8}号?"),
    re.compile(r"\d{4}SR\d{4,7}"),
    _CREDIT_CODE,
    re.compile(r"CN\s?\d{7,9}\s?[ABCUYSD]\d?(?![0-9A-Z])"),
    re.compile(r"(?:ZL|CN)?\s?(?:19|20)\d{2}\s?\d\s?\d{7}\s?\.?\s?[\dX](?!\d)"),
    re.compile(r"(?:ZL|CN)\s?[\d\s]{7,16}(?:\.\s?[\dX])?"),
    re.compile(r"(?<!\d)\d{8}\.[\dX](?!\d)"),
    re.compile(r"(?<![\dA-Z])G?\d{5,13}[A-Z]?(?![\dA-Z])"),
)
_SAID = (
    (re.compile(r"商标"), "trademark"),
    (re.compile(r"软著|软件"), "software"),
    (re.compile(r"作品登记|版权登记"), "work"),
    (re.compile(r"专利|申请号"), "patent"),
)
_ERRORS = {InvalidLength: "length", InvalidChecksum: "check_digit", InvalidComponent: "component"}


@dataclass(frozen=True, slots=True)
class NumberKind:
    """What is said of a kind of number.

    Attributes:
        types: Words for the sub-kinds.
        system: Official place where the status stands.
        how: How to look there.
        parts: What the number consists of, a sentence each.
    """

    title: str
    right: str
    has_check_digit: bool
    types: Mapping[str, str]
    system: str
    how: str
    parts: tuple[str, ...]
    next: tuple[str, ...]


class NumberTool:
    """Reads numbers.

    Args:
        kinds: By the names that the checks use.
        reasons: Kind, or `any`, to code to words.
    """

    name = "number"

    def __init__(
        self, sources: Sources, kinds: Mapping[str, NumberKind], reasons: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._sources, self._kinds, self._reasons = sources, kinds, reasons

    @classmethod
    def load(cls, sources: Sources) -> NumberTool:
        """Return the tool with the words of the knowledge base.

        Raises:
            DataError: The file cannot be used.
        """
        return cls(sources, *_read(sources.root / "numbers" / "kinds.yml"))

    def read(self, text: str, *, today: date) -> dict[str, str]:
        """Return the number in a sentence, together with what the sentence calls it."""
        found = number_in(text)
        if found is None:
            return {}
        kind = next((kind for pattern, kind in _SAID if pattern.search(text)), None)
        return {"number": found} | ({"kind": kind} if kind else {})

    def step(self, given: Mapping[str, str], *, today: date) -> Question | Result:
        """Return the question for the number, or what it is.

        Raises:
            ToolInputError: There is no number in the answer.
        """
        typed = given.get("number", "").strip()
        if not typed:
            return Question("number", self._words("ask"), "text", topic="legal_status")
        checked = check_number(typed, said=given.get("kind"), today=today)
        if not checked.value:
            raise ToolInputError("number", "number")
        kind = self._kinds.get(checked.kind) or self._kinds["unknown"]
        return Result(
            short=self._short(checked, kind),
            details=self._details(checked, kind),
            topic="legal_status",
            right=kind.right,
            next=("tool:number", *kind.next),
            data=self._data(checked, kind),
        )

    def _short(self, checked: Checked, kind: NumberKind) -> str:
        if checked.kind == "unknown" and checked.reason_code == "unknown":
            return self._words("unknown", value=checked.value)
        if not checked.valid:
            return self._words("invalid", value=checked.value, reason=self._reason(checked) or "")
        how = self._words("with_check_digit" if kind.has_check_digit else "form_only")
        named = f"{kind.title}（{type_}）" if (type_ := self._type(checked, kind)) else kind.title
        return self._words("valid", kind=named, value=checked.value, checked=how)

    def _details(self, checked: Checked, kind: NumberKind) -> str:
        facts = list(kind.parts)
        type_ = self._type(checked, kind)
        if type_ and not checked.valid:
            facts.insert(0, f"{kind.title}：{type_}。")
        if checked.year:
            facts.insert(0, self._words("year", year=checked.year))
        parts = []
        if facts:
            parts += [self._words("how"), "\n".join(f"- {fact}" for fact in facts)]
        parts.append(self._words("lookup", system=kind.system, how=kind.how))
        if checked.valid and kind.right != "none":
            parts.append(self._words("only_form"))
        return "\n\n".join(parts)

    def _data(self, checked: Checked, kind: NumberKind) -> dict[str, Any]:
        return {
            "kind": checked.kind,
            "kind_title": kind.title,
            "value": checked.value,
            "valid": checked.valid,
            "reason": checked.reason_code,
            "reason_text": self._reason(checked),
            "year": checked.year,
            "type": checked.type,
            "type_text": self._type(checked, kind),
            "status_lookup": f"{kind.system}：{kind.how}",
        }

    def _type(self, checked: Checked, kind: NumberKind) -> str | None:
        return kind.types.get(checked.type) if checked.type else None

    def _reason(self, checked: Checked) -> str | None:
        code = checked.reason_code
        if code is None:
            return None
        own = "patent" if checked.kind == "publication" else checked.kind
        reasons = self._reasons["any"] | self._reasons.get(own, {})
        return reasons.get(code) or reasons["format"]

    def _words(self, key: str, **values: object) -> str:
        return self._sources.texts(f"tools.number.{key}", **values)


def number_in(text: str) -> str | None:
    """Return the number that a sentence holds, as typed; None if there is none."""
    typed = clean(text)
    found = (match for pattern in _IN_TEXT if (match := pattern.search(typed)))
    match = next(found, None)
    return match[0].strip() if match else None


def check_number(text: str, *, said: str | None = None, today: date) -> Checked:
    """Check a number of any kind.

    Args:
        text: The number, or a short text that holds it.
        said: What its sender calls it (`patent`, `trademark`, …); bare digits can be several things.
    """
    typed = clean(text)
    if code := _CREDIT_CODE.search(compact(typed)):
        return _credit_code(code[0])
    # Words around a number say what it is; without any it is judged as it stands.
    number = (number_in(typed) if re.search(r"[㐀-鿿]", typed) else None) or typed
    said = said or next((kind for pattern, kind in _SAID if pattern.search(typed)), None)
    checked = identify(number, today=today)
    if said and checked.kind in ("phone", "trademark", "unknown", "patent") and checked.kind != said:
        again = _as_said(said, number, today)
        checked = again if again.valid or not checked.valid else checked
    publication = _PUBLICATION.fullmatch(compact(number))
    if publication and checked.reason_code == "publication_number":
        return Checked("publication", compact(number), False, "publication_number", None, publication[1])
    return checked


def _as_said(said: str, number: str, today: date) -> Checked:
    if said == "trademark":
        return check_trademark_number(number)
    checks = {"software": check_software_number, "work": check_work_number, "patent": check_patent_number}
    return checks[said](number, today=today)


def _credit_code(code: str) -> Checked:
    if code[:17].isdigit() and ric.is_valid(code):
        return Checked("unknown", f"{code[:6]}********{code[-4:]}", False, "personal")
    try:
        uscc.validate(code)
    except ValidationError as error:
        return Checked("credit_code", code, False, _ERRORS.get(type(error), "format"))
    return Checked("credit_code", code, True, None, None, code[0])


def _read(path: Path) -> tuple[dict[str, NumberKind], dict[str, dict[str, str]]]:
    fields = Fields(read_mapping(path), path)
    fields.only("kinds", "reasons")
    kinds, reasons = fields.child("kinds"), fields.child("reasons")
    return (
        {name: _kind(kinds.child(name)) for name in kinds.data},
        {name: _texts(reasons.child(name)) for name in reasons.data},
    )


def _kind(fields: Fields) -> NumberKind:
    fields.only("title", "right", "has_check_digit", "types", "system", "how", "parts", "next")
    right = fields.text("right")
    if right not in RIGHTS:
        raise fields.fail("right", f"unknown; known: {', '.join(RIGHTS)}")
    return NumberKind(
        title=fields.text("title"),
        right=right,
        has_check_digit=fields.data.get("has_check_digit") is True,
        types=_texts(fields.child("types")),
        system=fields.text("system"),
        how=fields.text("how"),
        parts=tuple(fields.texts("parts")),
        next=tuple(fields.texts("next")),
    )


def _texts(fields: Fields) -> dict[str, str]:
    return {str(name): fields.text(name) for name in fields.data}

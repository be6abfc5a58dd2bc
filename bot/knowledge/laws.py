"""The register of laws: what each is called, when it is in force, which articles it has.

It holds facts about laws, not their words. Several versions of one law are several entries, tied
by ``superseded_by``; together they are a *family*, of which at most one is in force on a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import Fields, read_mapping

FULL_TEXT, EXCERPT = "full", "excerpt"


@dataclass(frozen=True, slots=True)
class Law:
    """One version of a law, regulation or judicial interpretation.

    Attributes:
        id: Such as ``patent-law-2020``.
        title: Full title.
        short_title: As citizens read it in a citation.
        issuer: Who made it.
        promulgated: Day of publication; None where the sources do not say.
        effective: First day in force.
        effective_until: Last day in force; None while no end is known.
        superseded_by: Id of the version that follows, if registered.
        article_count: Number of articles; 0 for a text without numbered articles (a reply).
        numbers: Articles that exist beside 1…count, or, for an excerpt, all that may be cited.
        text_scope: ``full``, or ``excerpt`` when only ``numbers`` have been checked.
    """

    id: str
    title: str
    short_title: str
    issuer: str
    promulgated: date | None
    effective: date
    effective_until: date | None
    superseded_by: str | None
    article_count: int
    numbers: frozenset[str]
    text_scope: str

    def in_force_on(self, day: date) -> bool:
        """Tell whether this version is in force on a day."""
        return self.effective <= day and (self.effective_until is None or day <= self.effective_until)

    def has_article(self, number: str) -> bool:
        """Tell whether there is such an article; ``""`` stands for a text without articles."""
        if number in self.numbers or (number == "" and self.article_count == 0):
            return True
        return self.text_scope == FULL_TEXT and number.isdecimal() and 1 <= int(number) <= self.article_count


class LawRegistry:
    """All registered laws, by id."""

    def __init__(self, laws: Iterable[Law]) -> None:
        self._laws = {law.id: law for law in laws}

    @classmethod
    def load(cls, root: Path) -> LawRegistry:
        """Return the register in `root/laws/registry.yml`.

        Args:
            root: The folder `knowledge_base`.
        Raises:
            DataError: Naming file and key of the first mistake.
        """
        path = root / "laws" / "registry.yml"
        fields = Fields(read_mapping(path), path)
        fields.only("as_of", "laws")
        entries = fields.children("laws")
        registry = cls(map(_law, entries))
        if len(registry._laws) != len(entries):
            raise fields.fail("laws", "an id is given twice")
        for entry, law in zip(entries, registry, strict=True):
            if law.superseded_by and law.superseded_by not in registry._laws:
                raise entry.fail("superseded_by", f"no law has the id {law.superseded_by}")
        return registry

    def __iter__(self) -> Iterator[Law]:
        return iter(self._laws.values())

    def __len__(self) -> int:
        return len(self._laws)

    def get(self, law_id: str) -> Law | None:
        """Return a law, or None."""
        return self._laws.get(law_id)

    def in_force(self, law_id: str, day: date) -> bool:
        """Tell whether a law is known and in force on a day."""
        law = self._laws.get(law_id)
        return law is not None and law.in_force_on(day)

    def family_of(self, law_id: str) -> str:
        """Return the id of the newest version of a law; versions of one law share it."""
        seen = {law_id}
        while (law := self._laws.get(law_id)) and law.superseded_by and law.superseded_by not in seen:
            law_id = law.superseded_by
            seen.add(law_id)
        return law_id


def _law(fields: Fields) -> Law:
    fields.only(
        "id", "title", "short_title", "issuer", "promulgated", "effective", "effective_until",
        "superseded_by", "articles", "numbers", "text_scope",
    )  # fmt: skip
    scope = fields.text("text_scope")
    if scope not in (FULL_TEXT, EXCERPT):
        raise fields.fail("text_scope", f"expected {FULL_TEXT} or {EXCERPT}, got {scope!r}")
    return Law(
        id=fields.text("id"),
        title=fields.text("title"),
        short_title=fields.text("short_title"),
        issuer=fields.text("issuer"),
        promulgated=fields.optional_date("promulgated"),
        effective=fields.date("effective"),
        effective_until=fields.optional_date("effective_until"),
        superseded_by=fields.text("superseded_by", default="") or None,
        article_count=fields.integer("articles"),
        numbers=frozenset(_expand(fields)),
        text_scope=scope,
    )


def _expand(fields: Fields) -> Iterator[str]:
    """Yield article numbers from a list such as ``["123", "188..199", "219-1"]``."""
    for entry in fields.texts("numbers", default=[]):
        first, dots, last = entry.partition("..")
        if not dots:
            yield entry
        elif first.isdecimal() and last.isdecimal():
            yield from map(str, range(int(first), int(last) + 1))
        else:
            raise fields.fail("numbers", f"expected a number or a range such as 188..199, got {entry!r}")

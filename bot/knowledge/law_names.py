"""Laws by the names that people use, and articles in what they write: 专利法第七十四条, 商标法33条."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.knowledge.datafile import Fields, read_mapping
from bot.knowledge.laws import Law, LawRegistry
from bot.knowledge.numerals import NUMERAL, article_number

_NOTE = re.compile(r"（[^（）]*）$")
_STATE = "中华人民共和国"
_BOOK_MARKS = re.compile(r"[《》\s]")
_ARTICLE = re.compile(rf"第?\s*({NUMERAL}|\d+)\s*条(?:\s*之\s*({NUMERAL}|\d+))?")
_BARE = re.compile(rf"(\d+(?:-\d+)?|{NUMERAL})")


@dataclass(frozen=True, slots=True)
class Named:
    """What a sentence names: a law, an article, or both; empty for what it does not name."""

    law: str
    article: str


class LawNames:
    """Finds registered laws by name.

    Args:
        laws: The register.
        others: Other names to a title or short title.
    """

    def __init__(self, laws: LawRegistry, others: Mapping[str, str]) -> None:
        self._laws = laws
        self._ids = _ids_by_name(laws)
        for name, title in others.items():
            if title in self._ids:
                self._ids.setdefault(name, []).extend(self._ids[title])
        longest_first = sorted(self._ids, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    @classmethod
    def load(cls, root: Path, laws: LawRegistry) -> LawNames:
        """Return the names with those of `root/laws/names.yml`.

        Raises:
            DataError: The file cannot be used.
        """
        path = root / "laws" / "names.yml"
        if not path.is_file():
            return cls(laws, {})
        fields = Fields(read_mapping(path), path).child("names")
        return cls(laws, {name: fields.text(name) for name in fields.data})

    def candidates(self, name: str) -> list[Law]:
        """Return the laws that a name may mean: versions of one law, or several laws; none if unknown.

        A name that only one law's title contains is enough.
        """
        exact = self._laws.get(name.strip())
        if exact:
            return [exact]
        plain = _BOOK_MARKS.sub("", name)
        ids = self._ids.get(plain)
        if ids is None and len(plain) > 1:
            ids = [law.id for law in self._laws if plain in law.title or plain in law.short_title]
        return [law for law_id in dict.fromkeys(ids or ()) if (law := self._laws.get(law_id))]

    def named_in(self, text: str) -> Named:
        """Return the law and the article that a sentence names, as written there."""
        plain = _BOOK_MARKS.sub("", text)
        found = self._pattern.search(plain)
        rest = plain[found.end() :] if found else plain
        article = _ARTICLE.search(rest) or _ARTICLE.search(plain)
        return Named(found[0] if found else "", article[0] if article else "")


def in_force_on(laws: Iterable[Law], day: date) -> Law | None:
    """Return the version that speaks on a day: the one in force, else the next to come, else the last."""
    versions = sorted(laws, key=lambda law: law.effective)
    current = [law for law in versions if law.in_force_on(day)]
    coming = [law for law in versions if law.effective > day]
    return next(iter([*current, *coming, *reversed(versions)]), None)


def number_of(text: str) -> str | None:
    """Return an article's number as the register writes it: 第七十四条, 74条, 74 → `74`; None if it is none."""
    plain = re.sub(r"\s", "", text)
    match = _ARTICLE.fullmatch(plain)
    if match:
        return article_number(f"第{match[1]}条" + (f"之{match[2]}" if match[2] else ""))
    bare = _BARE.fullmatch(plain)
    if bare is None:
        return None
    main, _, inserted = bare[1].partition("-")
    return article_number(f"第{main}条" + (f"之{inserted}" if inserted else ""))


def _ids_by_name(laws: Iterable[Law]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for law in laws:
        given = {law.title, law.short_title}
        given |= {_NOTE.sub("", name) for name in given}
        given |= {name.removeprefix(_STATE) for name in given}
        for name in given:
            names.setdefault(_BOOK_MARKS.sub("", name), []).append(law.id)
    return names

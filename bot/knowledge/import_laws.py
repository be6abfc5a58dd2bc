"""Importing official texts: which law a file is, whether it is whole, and a tidy copy of it.

A file that is not known for certain, or lacks articles, is left out and named: a wrong text would be
quoted to citizens as the law. Importing the same files again changes nothing.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.knowledge.datafile import DataError, parse_mapping
from bot.knowledge.law_files import SUFFIXES, UnreadableLaw, read_lines
from bot.knowledge.law_texts import WHOLE_TEXT, parse_law
from bot.knowledge.laws import FULL_TEXT, Law, LawRegistry
from bot.knowledge.numerals import article_label

IMPORTED, REPLACED, UNCHANGED, LEFT_OUT = "imported", "replaced", "unchanged", "left_out"
_MOST_FILES = 2000
_TITLE_LINES = 8
_HEADING = re.compile(r"^第(\d{1,4})条(?:之(\d{1,2}))?(?=[\s　])")
_ADOPTED_BEFORE = timedelta(days=120)
_VERSION_NOTE = re.compile(r"[（(][^（()）]*[）)]$")
_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_NAMED_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})-?(\d{2})-?(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of one file.

    Attributes:
        name: Path below the imported folder.
        status: `imported`, `replaced`, `unchanged` or `left_out`.
        law_id: The law it is, if that is known.
        articles: How many articles were found.
        reason: Why it was left out, as a key for words: `unknown_law`, `ambiguous`, `incomplete`,
            `other_version`, `too_large`, `damaged`, `encoding`, `same_law` (another file was taken).
        missing: Articles that the register says should be there.
    """

    name: str
    status: str
    law_id: str | None = None
    articles: int = 0
    reason: str | None = None
    missing: tuple[str, ...] = ()


def import_laws(source: Path, target: Path, laws: LawRegistry) -> list[ImportedFile]:
    """Import every law found in a folder.

    Args:
        source: Folder with Markdown, text and .docx files, at any depth; links are not followed.
        target: Where the tidy copies go, `<law id>.md`.
    Returns:
        One entry a file, in order of path; files of other types are passed over.
    """
    paths = [path for path in sorted(source.rglob("*")) if _is_candidate(path)][:_MOST_FILES]
    taken: set[str] = set()
    return [_import(path, source, target, laws, taken) for path in paths]


def _is_candidate(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink()


def _import(path: Path, source: Path, target: Path, laws: LawRegistry, taken: set[str]) -> ImportedFile:
    name = path.relative_to(source).as_posix()
    try:
        lines, front = read_lines(path)
    except UnreadableLaw as error:
        return ImportedFile(name, LEFT_OUT, reason=str(error))
    except OSError:
        return ImportedFile(name, LEFT_OUT, reason="damaged")
    lines = [_HEADING.sub(_as_laws_write, line) for line in lines]
    body = "\n\n".join(lines)
    numbers = set(parse_law(body))
    count = len(numbers - {WHOLE_TEXT})
    found = recognise(path.stem, lines, front, laws, numbers)
    if len(found) != 1:
        return ImportedFile(name, LEFT_OUT, articles=count, reason="ambiguous" if found else "unknown_law")
    law = found[0]
    is_named = laws.get(_id_in(front)) is law or path.stem == law.id
    if not is_named and is_other_version(law, path.stem, lines):
        return ImportedFile(name, LEFT_OUT, law.id, count, "other_version")
    if missing := missing_articles(law, numbers):
        return ImportedFile(name, LEFT_OUT, law.id, count, "incomplete", tuple(missing))
    if law.id in taken:
        return ImportedFile(name, LEFT_OUT, law.id, count, "same_law")
    taken.add(law.id)
    return ImportedFile(name, _write(target / f"{law.id}.md", _tidy(law, body)), law.id, count)


def recognise(
    stem: str, lines: Sequence[str], front: str, laws: LawRegistry, numbers: set[str]
) -> list[Law]:
    """Return the laws that a file may be: one if it is certain.

    The id in the front matter or the file name decides; else the title, and among versions of one law
    the articles and the day of promulgation.
    """
    named = laws.get(_id_in(front)) or laws.get(stem)
    if named:
        return [named]
    heads = lines[:_TITLE_LINES]
    titles = {_plain(text) for line in heads for text in (line, _VERSION_NOTE.sub("", line))} | {_plain(stem)}
    titled = [law for law in laws if _is_titled(law, titles, _plain(stem))]
    fitting = [law for law in titled if not is_other_version(law, stem, lines)] or titled
    whole = [law for law in fitting if not missing_articles(law, numbers) and _counts_agree(law, numbers)]
    return whole or fitting


def _is_titled(law: Law, titles: set[str], stem: str) -> bool:
    own = _titles(law)
    return bool(own & titles) or any(stem.startswith(title) for title in own)


def is_other_version(law: Law, stem: str, lines: Sequence[str]) -> bool:
    """Tell whether the days at the head of a text, or in its file name, are those of another version.

    A text names the day on which it was adopted, some weeks before its promulgation, or one of the
    days that the register knows.
    """
    days, promulgated = _days_of(stem, lines), law.promulgated
    if not days or promulgated is None or law.effective in days:
        return False
    return not any(promulgated - _ADOPTED_BEFORE <= day <= promulgated for day in days)


def _days_of(stem: str, lines: Sequence[str]) -> set[date]:
    return {*_days(_DATE, lines[:_TITLE_LINES]), *_days(_NAMED_DATE, [stem])}


def missing_articles(law: Law, numbers: set[str]) -> list[str]:
    """Return the articles that a text of this law should have and has not, in order."""
    wanted = set(law.numbers)
    if law.text_scope == FULL_TEXT:
        wanted |= {str(number) for number in range(1, law.article_count + 1)}
        if law.article_count == 0 and not law.numbers:
            wanted = {WHOLE_TEXT}
    return sorted(wanted - numbers, key=lambda number: [int(part) for part in number.split("-") if part])


def _counts_agree(law: Law, numbers: set[str]) -> bool:
    if law.text_scope != FULL_TEXT or law.article_count == 0:
        return True
    inserted = law.numbers - {str(number) for number in range(law.article_count + 1)}
    return len(numbers) == law.article_count + len(inserted)


def _id_in(front: str) -> str:
    try:
        return str(parse_mapping(front, Path("front matter")).get("id") or "") if front else ""
    except DataError:
        return ""


def _titles(law: Law) -> set[str]:
    names = {law.title, law.short_title}
    names |= {_VERSION_NOTE.sub("", name) for name in names}
    return {_plain(name) for name in names if len(name) > 2}


def _plain(text: str) -> str:
    return re.sub(r"[\s#*《》　_]+|\d{8}$", "", unicodedata.normalize("NFKC", text))


def _days(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterable[date]:
    for match in pattern.finditer("\n".join(lines)):
        try:
            yield date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue


def _as_laws_write(match: re.Match[str]) -> str:
    """Return the number of an article in Chinese numerals: 第7条 → 第七条."""
    return article_label(f"{match[1]}-{match[2]}" if match[2] else match[1])


def _tidy(law: Law, body: str) -> str:
    return f'---\nid: "{law.id}"\ntitle: "{law.title}"\n---\n\n{body}\n'


def _write(path: Path, text: str) -> str:
    """Write a file all at once, unless it holds these words already."""
    known = path.read_text(encoding="utf-8") if path.is_file() else None
    if known == text:
        return UNCHANGED
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return IMPORTED if known is None else REPLACED

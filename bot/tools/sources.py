"""What tools are made from; read once, by whoever builds the desk or runs a command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.helpdesk.calendar import BusinessCalendar
from bot.knowledge import Cited, KnowledgeBase, load_calendar
from bot.knowledge.imported_laws import ImportedLaws
from bot.knowledge.law_texts import LawTexts
from bot.knowledge.numerals import article_label
from bot.texts import Texts


@dataclass(frozen=True)
class Sources:
    """The data that tools work with.

    Attributes:
        root: The folder `knowledge_base`, for a tool's own data files.
        texts: All words; those of tools stand in `bot/texts/tools*.yml`.
        official: Imported official texts; a folder that does not exist is an empty one.
    """

    root: Path
    knowledge: KnowledgeBase
    calendar: BusinessCalendar
    texts: Texts
    official: LawTexts

    @classmethod
    def load(cls, root: Path, laws_dir: Path, *, knowledge: KnowledgeBase | None = None) -> Sources:
        """Return the sources of an installation.

        Args:
            root: The folder `knowledge_base`.
            laws_dir: Where imported official texts are.
            knowledge: The knowledge base, if it has been read already.
        Raises:
            DataError: The register of laws or the calendar cannot be used.
        """
        return cls(
            root=root,
            knowledge=knowledge or KnowledgeBase.load(root),
            calendar=load_calendar(root),
            texts=Texts.load(),
            official=ImportedLaws(laws_dir),
        )

    def cite(self, law_id: str, article: str, *quotes: str) -> Cited:
        """Return a provision as citizens see it; `article` as the register writes it (``219-1``, ``""``)."""
        law = self.knowledge.laws.get(law_id)
        if law is None:
            raise KeyError(law_id)
        label = article_label(article) if article else ""
        return Cited(law.id, law.short_title, label, law.effective, "\n".join(dict.fromkeys(quotes)))

    def in_force(self, law_id: str, day: date) -> bool:
        """Tell whether a law is known and in force on a day."""
        return self.knowledge.laws.in_force(law_id, day)

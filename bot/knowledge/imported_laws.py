"""Official texts that the operator imported: one Markdown file a law, in the data folder.

A running desk sees a text as soon as it is imported.
"""

from __future__ import annotations

from pathlib import Path

from bot.knowledge.law_texts import LawTexts, Provision, parse_law

FOLDER = "laws"


class ImportedLaws(LawTexts):
    """Like `LawTexts`, but a file that was added or changed is read again.

    Args:
        folder: May not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self._read: dict[str, tuple[int, dict[str, Provision]]] = {}

    def provisions(self, law_id: str) -> dict[str, Provision] | None:
        """Return article number to article, or None if the law was not imported."""
        path = self.folder / f"{law_id}.md"
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return None
        known = self._read.get(law_id)
        if known is None or known[0] != changed:
            known = (changed, parse_law(path.read_text(encoding="utf-8")))
            self._read[law_id] = known
        return known[1]


def imported_dir(data_dir: Path) -> Path:
    """Return the folder of imported texts of an installation."""
    return data_dir / FOLDER

"""A sheet in one of the formats; making it takes some tens of milliseconds, so do it off the event loop."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.services.documents.pdf import as_pdf
from bot.services.documents.sheet import Sheet, as_json
from bot.services.documents.word import as_docx


@dataclass(frozen=True)
class Document:
    """A file to hand out."""

    filename: str
    media_type: str
    content: bytes


def _json(sheet: Sheet) -> bytes:
    return json.dumps(as_json(sheet), ensure_ascii=False, indent=2).encode()


_MAKERS: Mapping[str, tuple[str, Callable[[Sheet], bytes]]] = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", as_docx),
    "pdf": ("application/pdf", as_pdf),
    "json": ("application/json", _json),
}

FORMATS = tuple(_MAKERS)


def make_document(sheet: Sheet, format_: str) -> Document:
    """Make the file.

    Args:
        format_: One of `FORMATS`.
    """
    media_type, maker = _MAKERS[format_]
    return Document(f"{sheet.title}-{sheet.number}.{format_}", media_type, maker(sheet))

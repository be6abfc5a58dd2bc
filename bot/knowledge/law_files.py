"""Reading the text of a law from a file that an operator has: Markdown, plain text, or .docx.

Only words are taken, one line a paragraph. A .docx file is a ZIP archive of XML; of it nothing but the
main document is read, within limits, and nothing in it is executed or fetched.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

SUFFIXES = (".md", ".txt", ".docx")
MAX_BYTES = 8 * 2**20
_MAX_XML_BYTES = 40 * 2**20
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT = "word/document.xml"
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)


class UnreadableLaw(ValueError):
    """The file cannot be read as a text; the argument is a key for words."""


def read_lines(path: Path) -> tuple[list[str], str]:
    """Return the paragraphs of a file, and its front matter (Markdown only, else empty).

    Raises:
        UnreadableLaw: Too large, damaged, or in no known encoding.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableLaw("too_large")
    if path.suffix.lower() == ".docx":
        return _docx_lines(path), ""
    text = _decoded(path.read_bytes())
    match = _FRONT_MATTER.match(text)
    front = match[1] if match else ""
    body = text[match.end() :] if match else text
    return [line.strip() for line in body.splitlines() if line.strip()], front


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise UnreadableLaw("encoding")


def _docx_lines(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_DOCUMENT).file_size > _MAX_XML_BYTES:
                raise UnreadableLaw("too_large")
            with archive.open(_DOCUMENT) as member:
                xml = member.read(_MAX_XML_BYTES + 1)
    except (KeyError, OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise UnreadableLaw("damaged") from error
    # Word writes no document type; one that is there would only define entities that grow.
    if len(xml) > _MAX_XML_BYTES or b"<!DOCTYPE" in xml:
        raise UnreadableLaw("damaged")
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise UnreadableLaw("damaged") from error
    paragraphs = (_paragraph(node) for node in root.iter(f"{_WORD}p"))
    return [line.strip() for text in paragraphs for line in text.splitlines() if line.strip()]


def _paragraph(node: ElementTree.Element) -> str:
    parts = []
    for child in node.iter():
        if child.tag == f"{_WORD}t":
            parts.append(child.text or "")
        elif child.tag == f"{_WORD}tab":
            parts.append("　")
        elif child.tag in (f"{_WORD}br", f"{_WORD}cr"):
            parts.append("\n")
    return "".join(parts)

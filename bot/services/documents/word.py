"""A sheet as .docx (python-docx). The fonts are named, not embedded: Word and WPS bring them."""

from __future__ import annotations

import io
import re

from docx import Document as new_document
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table, _Cell

from bot.services.documents.sheet import Entry, Section, Sheet

_BODY_FONT, _TITLE_FONT = "SimSun", "SimHei"
_LABEL_WIDTH, _TEXT_WIDTH = Cm(4.2), Cm(12.8)
# XML takes no control characters; an answer may hold them all the same.
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def as_docx(sheet: Sheet) -> bytes:
    """Return the file."""
    document = new_document()
    _set_up(document, sheet)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(_clean(sheet.title))
    run.bold, run.font.size = True, Pt(18)
    _use_font(run, _TITLE_FONT)
    _fill(_table(document), [Entry("", label, text) for label, text in sheet.head])
    for section in sheet.sections:
        _add_section(document, section)
    document.add_paragraph(_clean(sheet.note)).paragraph_format.space_before = Pt(8)
    if sheet.is_signed:
        line = f"{sheet.words['signature']}：____________________　　{sheet.words['date']}：____________"
        document.add_paragraph(line).paragraph_format.space_before = Pt(18)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def _set_up(document: Document, sheet: Sheet) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(2)
    style = document.styles["Normal"]
    style.font.name, style.font.size = _BODY_FONT, Pt(10.5)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _BODY_FONT)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run(_clean(sheet.footer)).font.size = Pt(8)
    properties = document.core_properties
    properties.title, properties.author, properties.subject = sheet.title, "", sheet.number
    properties.created = properties.modified = sheet.made_at.replace(tzinfo=None)


def _add_section(document: Document, section: Section) -> None:
    heading = document.add_paragraph()
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(10), Pt(3)
    heading.paragraph_format.keep_with_next = True
    run = heading.add_run(_clean(section.title))
    run.bold, run.font.size = True, Pt(12)
    _use_font(run, _TITLE_FONT)
    _fill(_table(document), section.entries)


def _table(document: Document) -> Table:
    table = document.add_table(rows=0, cols=2)
    table.style, table.autofit = "Table Grid", False
    return table


def _fill(table: Table, entries: tuple[Entry, ...] | list[Entry]) -> None:
    for entry in entries:
        row = table.add_row()
        label, text = row.cells
        label.width, text.width = _LABEL_WIDTH, _TEXT_WIDTH
        _shade(label)
        label.paragraphs[0].add_run(_clean(entry.label)).bold = True
        lines = entry.items or tuple(entry.text.split("\n"))
        numbered = len(entry.items) > 1
        for place, line in enumerate(lines):
            paragraph = text.paragraphs[0] if place == 0 else text.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(2)
            paragraph.add_run(_clean(f"{place + 1}. {line}" if numbered else line))


def _shade(cell: _Cell) -> None:
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:fill"), "F2F4F7")
    cell._tc.get_or_add_tcPr().append(shading)


def _use_font(run: object, name: str) -> None:
    run.font.name = name  # type: ignore[attr-defined]
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)  # type: ignore[attr-defined]


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)

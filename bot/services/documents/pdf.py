"""A sheet as PDF (reportlab), with a Chinese font that every reader has: nothing is embedded.

STSong-Light is one of the predefined CJK fonts of PDF; readers put their own song typeface in its
place. What it cannot show (rare characters, emoji) is replaced by a box, never by nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache, lru_cache
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from bot.services.documents.sheet import Entry, Sheet

_FONT = "STSong-Light"
_MARGIN = 18 * mm
_LABEL_WIDTH = 42 * mm
_UNSHOWN = "□"
#: A row may not be taller than a page; a longer answer goes on in the next row.
_ROW_CHARS = 900


def as_pdf(sheet: Sheet) -> bytes:
    """Return the file."""
    styles = _styles()
    story: list[Flowable] = [Paragraph(_text(sheet.title), styles["title"]), Spacer(0, 4 * mm)]
    story.append(_table([Entry("", label, text) for label, text in sheet.head], styles))
    for section in sheet.sections:
        # Room for a heading and some lines; keeping it with the whole table would leave pages half empty.
        story += [CondPageBreak(30 * mm), Paragraph(_text(section.title), styles["heading"])]
        story.append(_table(section.entries, styles))
    story += [Spacer(0, 3 * mm), Paragraph(_text(sheet.note), styles["small"])]
    if sheet.is_signed:
        line = f"{sheet.words['signature']}：____________________　　　{sheet.words['date']}：______________"
        story += [Spacer(0, 8 * mm), Paragraph(_text(line), styles["text"])]
    content = io.BytesIO()
    document = BaseDocTemplate(
        content, pagesize=A4, title=sheet.title, subject=sheet.number, author="", creator="RightsDesk",
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN, invariant=True,
    )  # fmt: skip
    frame = Frame(_MARGIN, _MARGIN, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=_footer(sheet)))
    document.build(story)
    return content.getvalue()


@cache
def _styles() -> dict[str, ParagraphStyle]:
    # Registering the font reads reportlab's tables, so not at import.
    registerFont(UnicodeCIDFont(_FONT))
    text = ParagraphStyle("text", fontName=_FONT, fontSize=10, leading=15, wordWrap="CJK")
    return {
        "text": text,
        "label": ParagraphStyle("label", text, textColor=colors.HexColor("#33415c")),
        "title": ParagraphStyle("title", text, fontSize=18, leading=26, alignment=TA_CENTER),
        "heading": ParagraphStyle(
            "heading", text, fontSize=12, leading=18, spaceBefore=4 * mm, spaceAfter=1.5 * mm
        ),
        "small": ParagraphStyle("small", text, fontSize=8.5, leading=12, textColor=colors.HexColor("#555555")),
    }


def _table(entries: list[Entry] | tuple[Entry, ...], styles: dict[str, ParagraphStyle]) -> Table:
    rows = []
    for entry in entries:
        for place, part in enumerate(_parts(entry)):
            label = Paragraph(_text(entry.label if place == 0 else ""), styles["label"])
            rows.append([label, Paragraph(_text(part), styles["text"])])
    table = Table(rows, colWidths=[_LABEL_WIDTH, A4[0] - 2 * _MARGIN - _LABEL_WIDTH], splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#b8c0cc")),
                ("BACKGROUND", (0, 0), (0, -1), colors.HexColor("#f2f4f7")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


def _parts(entry: Entry) -> list[str]:
    """Return the answer in pieces that fit on a page each."""
    text = entry.text
    if len(entry.items) > 1:
        text = "\n".join(f"{place}. {item}" for place, item in enumerate(entry.items, start=1))
    return [text[start : start + _ROW_CHARS] for start in range(0, len(text), _ROW_CHARS)] or [""]


def _footer(sheet: Sheet) -> Callable[[Canvas, BaseDocTemplate], None]:
    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.saveState()
        canvas.setFont(_FONT, 8)
        canvas.setFillColor(colors.HexColor("#555555"))
        canvas.drawString(_MARGIN, 10 * mm, _shown(sheet.footer))
        page = sheet.words["page"].format(page=document.page)
        canvas.drawRightString(A4[0] - _MARGIN, 10 * mm, page)
        canvas.restoreState()

    return draw


def _text(text: str) -> str:
    """Return text as the paragraph's markup: nothing in an answer is markup."""
    return escape(_shown(text)).replace("\n", "<br/>")


def _shown(text: str) -> str:
    return "".join(map(_sign, text))


@lru_cache(maxsize=30_000)
def _sign(character: str) -> str:
    """Return what stands for a character: itself, a blank for a tab and its like, a box, or nothing for what has no shape."""
    if character in "\n\u3000":
        return character
    if character.isspace():
        return " "
    if not character.isprintable():
        return ""
    return character if _can_show(character) else _UNSHOWN


def _can_show(character: str) -> bool:
    """Tell whether the font has it: its characters are those of the national standard GB 18030 of two bytes."""
    try:
        return len(character.encode("gbk")) <= 2
    except UnicodeEncodeError:
        return False

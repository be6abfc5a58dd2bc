"""Draws a flow as SVG: one column, to be read on a phone and printed on A4.

Presentation attributes only, no style element and no script: the site's content security policy
forbids both, and a picture in a page runs nothing anyway.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

WIDTH = 360
_MARGIN, _INDENT, _GAP, _PADDING = 14, 40, 20, 12
_SPINE = _MARGIN + 14
_FONT = (
    "'PingFang SC','HarmonyOS Sans SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC',sans-serif"
)
_INK, _SOFT, _LINE = "#16282d", "#4c6066", "#8fb4bb"
_STEP, _BRANCH, _END = ("#eef6f6", "#0d5c6b"), ("#fdf3e6", "#d9822b"), ("#e6f4ec", "#1c6b45")
_PHRASE_END = set("、，；：。")
_NO_LINE_START = set("，。；：、！？）》」』】”’,.;:!?)]}%…")
_NO_LINE_END = set("（《「『【“‘([{")


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Attributes:
        gist: What happens, a few words.
        source: Provisions, in short.
        when: For a branch: what has to happen.
        leads: For a branch: where it goes, as shown.
    """

    number: int
    title: str
    gist: str
    source: str
    is_branch: bool
    is_end: bool
    when: str
    leads: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture.

    Attributes:
        alt: For those who cannot see it.
        dated: From when it holds, as shown.
        signed: The line at the bottom.
    """

    title: str
    alt: str
    dated: str
    signed: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: int
    height: int
    colour: str
    is_bold: bool = False


def draw(drawing: Drawing) -> str:
    """Return the SVG document."""
    head = list(_head(drawing))
    top = y = 66 + 22 * (_head_lines(drawing.title, 19) - 1) + 17 * (_head_lines(drawing.dated, 12) - 1)
    body: list[str] = []
    for index, box in enumerate(drawing.boxes):
        if index:
            body += _connector(box, y)
            y += _GAP
        shapes, height = _box(box, y)
        body += shapes
        y += height
    spine = [f'<path d="M{_SPINE} {top}V{y - 8}" stroke="{_LINE}" stroke-width="2" fill="none"/>']
    foot = [_text(_MARGIN, y + 26, _Line(drawing.signed, 12, 0, _SOFT))]
    height = y + 40
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label={quoteattr(drawing.alt)} font-family="{_FONT}">'
        f"<title>{escape(drawing.alt)}</title>"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    )
    return "".join([opening, *head, *spine, *body, *foot, "</svg>"])


def _head(drawing: Drawing) -> Iterator[str]:
    y = 30
    for line in wrap(drawing.title, 19, WIDTH - 2 * _MARGIN):
        yield _text(_MARGIN, y, _Line(line, 19, 0, "#073b46", is_bold=True))
        y += 22
    for line in wrap(drawing.dated, 12, WIDTH - 2 * _MARGIN):
        yield _text(_MARGIN, y - 2, _Line(line, 12, 0, _SOFT))
        y += 17


def _head_lines(text: str, size: int) -> int:
    return len(wrap(text, size, WIDTH - 2 * _MARGIN))


def _connector(box: Box, y: int) -> list[str]:
    """Return the arrow from the spine to a box whose top is a gap below ``y``."""
    top = y + _GAP
    if box.is_branch:
        middle, left = top + 20, _MARGIN + _INDENT
        return [
            f'<path d="M{_SPINE} {middle}H{left - 7}" stroke="{_BRANCH[1]}" stroke-width="2" fill="none"/>',
            f'<path d="M{left - 8} {middle - 5}l8 5l-8 5z" fill="{_BRANCH[1]}"/>',
        ]
    return [f'<path d="M{_SPINE - 5} {top - 8}l5 8l5 -8z" fill="{_STEP[1]}"/>']


def _box(box: Box, y: int) -> tuple[list[str], int]:
    left = _MARGIN + (_INDENT if box.is_branch else 0)
    width = WIDTH - _MARGIN - left
    fill, edge = _BRANCH if box.is_branch else _END if box.is_end else _STEP
    lines = list(_lines(box, width))
    height = sum(line.height for line in lines) + 2 * _PADDING - 4
    shapes = [
        f'<rect x="{left}" y="{y}" width="{width}" height="{height}" rx="10" fill="{fill}" stroke="{edge}" '
        f'stroke-width="1.5"/>',
        f'<circle cx="{left + 20}" cy="{y + 20}" r="11" fill="{edge}"/>',
        f'<text x="{left + 20}" y="{y + 24.5}" font-size="12.5" font-weight="700" fill="#ffffff" '
        f'text-anchor="middle">{box.number}</text>',
    ]
    at = y + _PADDING - 2
    for index, line in enumerate(lines):
        at += line.height
        indent = 38 if index < _title_lines(box, width) else 14
        shapes.append(_text(left + indent, at - 6, line))
    return shapes, height


def _title_lines(box: Box, width: int) -> int:
    return len(wrap(_heading(box), 16, width - 50))


def _heading(box: Box) -> str:
    return f"{box.when}：{box.title}" if box.when else box.title


def _lines(box: Box, width: int) -> Iterator[_Line]:
    for text in wrap(_heading(box), 16, width - 50):
        yield _Line(text, 16, 22, _INK, is_bold=True)
    for text in wrap(box.gist, 14, width - 28):
        yield _Line(text, 14, 20, _INK)
    for text in wrap(box.source, 11.5, width - 28) if box.source else ():
        yield _Line(text, 11.5, 17, _SOFT)
    if box.leads:
        yield _Line(f"→ {box.leads}", 13, 20, "#9a4d12", is_bold=True)


def _text(x: float, y: float, line: _Line) -> str:
    weight = ' font-weight="700"' if line.is_bold else ""
    place = f'x="{x}" y="{y}" font-size="{line.size}" fill="{line.colour}"'
    return f"<text {place}{weight}>{escape(line.text)}</text>"


def wrap(text: str, size: float, width: float) -> list[str]:
    """Return a text in lines that fit a width, with no sign at a line's start or end that may not be there.

    Chinese breaks between any two characters; runs of Latin letters and digits stay together.
    """
    lines = _wrapped(text, width / size)
    if len(lines) == 2:
        return _at_punctuation(text, width / size) or lines
    return lines


def _at_punctuation(text: str, ems: float) -> list[str] | None:
    """Return a text in two lines of about the same length that part where a phrase ends; None if none do."""
    places = [place for place in range(1, len(text)) if text[place - 1] in _PHRASE_END]
    parted = [(text[:place], text[place:].lstrip()) for place in places]
    fitting = [two for two in parted if max(map(_length, two)) <= ems and two[1][:1] not in _NO_LINE_START]
    return list(min(fitting, key=lambda two: abs(_length(two[0]) - _length(two[1])), default=())) or None


def _wrapped(text: str, ems: float) -> list[str]:
    lines: list[str] = []
    line: list[str] = []
    for piece in _pieces(text):
        if line and _length("".join(line) + piece) > ems:
            following = [piece]
            while len(line) > 1 and (following[0][0] in _NO_LINE_START or line[-1][-1] in _NO_LINE_END):
                following.insert(0, line.pop())
            lines.append("".join(line))
            line = following
        else:
            line.append(piece)
    return [*lines, "".join(line)] if line else lines


def _pieces(text: str) -> Iterator[str]:
    run = ""
    for char in text:
        if char.isascii() and not char.isspace():
            run += char
            continue
        if run:
            yield run
            run = ""
        yield char
    if run:
        yield run


def _length(text: str) -> float:
    """Return the width of a text in ems."""
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.58 for char in text)

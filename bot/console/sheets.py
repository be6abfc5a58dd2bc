"""Tables as CSV and XLSX files that run nothing when they are opened.

A spreadsheet takes a cell that begins with certain signs for a formula, and what stands in ours comes from strangers.
Such cells get an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from bot.console.moments import ZONE, moment
from bot.console.security import HEADERS

Cell = str | int | float | datetime | None
#: White space before the sign does not keep every program from calculating, nor do full-width signs.
_FORMULA = re.compile(r"^[\s\x00]*[=+\-@＝＋－＠]|^[\t\r\n]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: What a cell of a workbook can hold.
_CELL_MAX_CHARS = 32_000
_TITLE_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Sheet:
    """A table with a title and a row of headings."""

    title: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet calculates it."""
    text = _UNPRINTABLE.sub("", text)[:_CELL_MAX_CHARS]
    return f"'{text}" if _FORMULA.search(text) else text


def to_csv(sheets: Sequence[Sheet]) -> bytes:
    """Return the tables below each other, in UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for at, sheet in enumerate(sheets):
        if len(sheets) > 1:
            writer.writerows([[], [sheet.title]] if at else [[sheet.title]])
        writer.writerow([harmless(name) for name in sheet.head])
        writer.writerows([_plain(cell) for cell in row] for row in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> str | int | float:
    if isinstance(cell, datetime):
        return moment(cell)
    if cell is None:
        return ""
    return harmless(cell) if isinstance(cell, str) else cell


def to_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return the tables as a workbook; instants are dates, in Chinese time, and words are words."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(_TITLE_FORBIDDEN.sub(" ", sheet.title)[:31])
        page.freeze_panes = "A2"
        for column in range(len(sheet.head)):
            page.column_dimensions[chr(ord("A") + column)].width = 20
        head = [_cell(page, name) for name in sheet.head]
        for cell in head:
            cell.font = Font(bold=True)
        page.append(head)
        for row in sheet.rows:
            page.append([_cell(page, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(page: WriteOnlyWorksheet, value: Cell) -> WriteOnlyCell:
    if isinstance(value, datetime):
        cell = WriteOnlyCell(page, value.astimezone(ZONE).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    cell = WriteOnlyCell(page, harmless(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        # Otherwise openpyxl would write what begins with "=" as a formula.
        cell.data_type = "s"
    return cell


def download(body: bytes, name: str, kind: str) -> web.Response:
    """Return a file to be saved.

    Args:
        kind: `csv` or `xlsx`.
    """
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    headers = {
        "Content-Type": types[kind],
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
        "Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; sandbox",
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, headers=headers)

"""Files for spreadsheets that calculate nothing a stranger wrote."""

import io
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from bot.console.sheets import Sheet, harmless, to_csv, to_xlsx

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋1", "－1", "＠x", "\x00=1"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_might_calculate_gets_an_apostrophe(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize("text", ["商标", "1-1", "a=b", "", "（-1）", "TS2611200000015"])
def test_other_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


def test_a_csv_file_is_harmless_and_known_to_excel_as_utf_8() -> None:
    body = to_csv([Sheet("表", ["甲", "=乙"], [["=HYPERLINK(\"x\")", 1.5], [None, datetime(2026, 11, 20, 2, 0, tzinfo=UTC)]])])
    assert body.startswith(b"\xef\xbb\xbf")
    assert body.decode("utf-8-sig").splitlines() == [
        '"甲","\'=乙"', '"\'=HYPERLINK(""x"")","1.5"', '"","2026-11-20 10:00"',
    ]  # fmt: skip


def test_several_tables_follow_each_other_with_their_titles() -> None:
    lines = to_csv([Sheet("一", ["a"], [["x"]]), Sheet("二", ["b"], [])]).decode("utf-8-sig").splitlines()
    assert lines == ['"一"', '"a"', '"x"', "", '"二"', '"b"']


def test_a_workbook_has_no_formula_and_its_instants_are_dates() -> None:
    rows = [[text, 3, None, datetime(2026, 11, 20, 2, 0, tzinfo=UTC)] for text in DANGEROUS]
    body = to_xlsx([Sheet("工单: [1]/2", ["甲", "乙", "丙", "丁"], rows)])
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    page = load_workbook(io.BytesIO(body)).worksheets[0]
    assert [cell.value for cell in page["A"][1:]] == [harmless(text) for text in DANGEROUS]
    assert all(cell.data_type in "sn" for row in page.iter_rows(min_row=2, max_col=3) for cell in row)
    assert page["D2"].value == datetime(2026, 11, 20, 10, 0)
    assert page["B2"].value == 3

"""The number reader: what it is, whether it can be right, where its status stands."""

import pytest

from bot.tools.model import ToolInputError
from bot.tools.number import NumberTool
from tests.services.toolkit import TODAY, question, real_sources, result

TOOL = NumberTool.load(real_sources())


@pytest.mark.parametrize(
    ("text", "kind", "valid", "reason", "type_", "year"),
    [
        ("201710601862.3", "patent", True, None, "invention", 2017),
        ("ZL 2017 1 0601862.3", "patent", True, None, "invention", 2017),
        ("ZL201710601862.4", "patent", False, "check_digit", "invention", 2017),
        ("95115608.X", "patent", True, None, "invention", 1995),
        ("201710601862", "patent", False, "check_digit_missing", None, None),
        ("CN107123456A", "publication", False, "publication_number", "A", None),
        ("CN 107123456 B", "publication", False, "publication_number", "B", None),
        ("CN203123456U", "publication", False, "publication_number", "U", None),
        ("CN302345678S", "publication", False, "publication_number", "S", None),
        ("12345678", "trademark", True, None, "national", None),
        ("第12345678号商标", "trademark", True, None, "national", None),
        ("G1234567", "trademark", True, None, "madrid", None),
        ("2023SR0123456", "software", True, None, "registration", 2023),
        ("软著登字第1234567号", "software", True, None, "certificate", None),
        ("国作登字-2022-F-10012345", "work", True, None, "F", 2022),
        ("91330100MA0000000C", "credit_code", True, None, "9", None),
        ("91330100MA0000000D", "credit_code", False, "check_digit", None, None),
        ("13900139000", "phone", True, None, "mobile", None),
        ("hello", "unknown", False, "unknown", None, None),
    ],
)  # fmt: skip
def test_a_number_is_read(
    text: str, kind: str, valid: bool, reason: str | None, type_: str | None, year: int | None
) -> None:
    data = result(TOOL, number=text).data
    found = (data["kind"], data["valid"], data["reason"], data["type"], data["year"])
    assert found == (kind, valid, reason, type_, year)
    assert data["status_lookup"]
    assert (data["reason_text"] is None) == valid


def test_an_identity_card_is_not_repeated() -> None:
    found = result(TOOL, number="110101199003074514")
    assert found.data["reason"] == "personal"
    assert "19900307" not in f"{found.short}{found.details}{found.data}"


def test_a_right_number_is_not_said_to_be_a_right() -> None:
    assert "不等于权利" in result(TOOL, number="12345678").details


def test_what_the_citizen_calls_it_decides_between_readings() -> None:
    assert result(TOOL, number="0571123", kind="trademark").data["kind"] == "trademark"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("帮我查一下专利号ZL201710601862.3是真的吗", {"number": "ZL201710601862.3", "kind": "patent"}),
        ("商标注册号12345678还有效吗", {"number": "12345678", "kind": "trademark"}),
        ("这个91330100MA0000000C是真的吗", {"number": "91330100MA0000000C"}),
        ("2023SR0123456 查一下", {"number": "2023SR0123456"}),
        ("查号码", {}),
    ],
)
def test_a_sentence_tells_the_number(text: str, told: dict[str, str]) -> None:
    assert TOOL.read(text, today=TODAY) == told


def test_without_a_number_it_asks_and_nothing_is_no_number() -> None:
    assert question(TOOL).field == "number"
    with pytest.raises(ToolInputError):
        result(TOOL, number="。。。")

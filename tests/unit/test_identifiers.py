"""Numbers as people type them: right, wrong with a reason, and hard to mistype."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.helpdesk.identifiers import (
    CODE_ALPHABET,
    SERIAL_LIMIT,
    TICKET_PREFIXES,
    check_patent_number,
    check_phone,
    check_software_number,
    check_ticket_number,
    check_trademark_number,
    check_work_number,
    damm_digit,
    format_code,
    identify,
    make_ticket_number,
    normalise_code,
    parse_ticket_number,
)

DAY = date(2026, 11, 20)

prefixes = st.sampled_from(sorted(TICKET_PREFIXES.values()))
serials = st.integers(0, SERIAL_LIMIT - 1)
days = st.dates(date(2026, 1, 1), date(2060, 12, 31))


# --- ticket numbers ---


def test_damm_digit_of_the_published_example():
    assert damm_digit("572") == "4"


def test_ticket_number_has_prefix_day_serial_and_check_digit():
    number = make_ticket_number("TS", DAY, 48291)
    assert number[:14] == "TS261120048291"
    assert len(number) == 15


@given(prefixes, days, serials)
def test_every_number_made_is_valid_and_tells_its_kind(prefix, day, serial):
    checked = check_ticket_number(make_ticket_number(prefix, day, serial))
    assert checked.valid
    assert TICKET_PREFIXES[checked.type] == prefix
    assert checked.year == day.year


@given(prefixes, days, serials, st.integers(2, 14), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(prefix, day, serial, position, shift):
    number = make_ticket_number(prefix, day, serial)
    wrong = str((int(number[position]) + shift) % 10)
    assert not check_ticket_number(number[:position] + wrong + number[position + 1 :]).valid


@given(prefixes, days, serials, st.integers(2, 13))
def test_every_swap_of_neighbours_is_found(prefix, day, serial, at):
    number = make_ticket_number(prefix, day, serial)
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or not check_ticket_number(swapped).valid


@given(prefixes, prefixes, days, serials)
def test_a_wrong_prefix_is_found(prefix, other, day, serial):
    number = make_ticket_number(prefix, day, serial)
    assert check_ticket_number(other + number[2:]).valid == (prefix == other)


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda number: f"  {number[:2]} {number[2:8]} {number[8:]} ",
        lambda number: f"{number[:2]}-{number[2:8]}-{number[8:]}",
        lambda number: "".join(chr(ord(char) + 0xFEE0) for char in number),
        lambda number: number[:2] + number[2:].replace("0", "O").replace("1", "l"),
    ],
    ids=["lower_case", "spaces", "dashes", "full_width", "look_alikes"],
)
def test_ticket_number_is_read_in_any_spelling(spell):
    number = make_ticket_number("YZ", DAY, 100)
    assert parse_ticket_number(spell(number)) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("TS2611200482", "format"),
        ("XX2611200482917", "prefix"),
        ("TS2613200482917", "date"),
        ("TS2611200482910", "check_digit"),
    ],
)
def test_wrong_ticket_number_says_why(text, reason):
    assert check_ticket_number(text).reason_code == reason
    assert parse_ticket_number(text) is None


@pytest.mark.parametrize(("prefix", "serial"), [("AB", 1), ("TS", -1), ("TS", SERIAL_LIMIT)])
def test_making_an_impossible_ticket_number_is_refused(prefix, serial):
    with pytest.raises(ValueError):
        make_ticket_number(prefix, DAY, serial)


# --- codes ---


def test_code_alphabet_has_no_look_alikes():
    assert not set("BILOQSUZ") & set(CODE_ALPHABET)
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET)


def test_look_alikes_in_a_typed_code_are_read_as_what_was_shown():
    assert normalise_code(" acde-l5oz ") == "ACDE1502"


@given(st.text(CODE_ALPHABET, min_size=8, max_size=8))
def test_a_shown_code_reads_back_as_itself(code):
    assert normalise_code(format_code(code).lower()) == code


# --- telephone ---


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("13812345678", "13812345678", "mobile"),
        ("+86 138-1234-5678", "13812345678", "mobile"),
        ("0086 13812345678", "13812345678", "mobile"),
        ("8613812345678", "13812345678", "mobile"),
        ("１３８１２３４５６７８", "13812345678", "mobile"),
        ("010-62083114", "010-62083114", "landline"),
        ("(0755)8321 1234", "0755-83211234", "landline"),
        ("0311-8665512转801", "0311-8665512-801", "landline"),
        ("400-810-1234", "4008101234", "service"),
        ("+852 2123 4567", "+85221234567", "international"),
    ],
)
def test_phone_is_normalised(text, value, kind):
    checked = check_phone(text)
    assert (checked.value, checked.type, checked.valid) == (value, kind, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("没有", "not_digits"),
        ("1381234567", "too_short"),
        ("138123456789", "too_long"),
        ("12345678901", "prefix"),
        ("62083114", "area_code_missing"),
        ("123", "too_short"),
        ("2222222222222", "too_long"),
    ],
)
def test_wrong_phone_says_why(text, reason):
    checked = check_phone(text)
    assert (checked.valid, checked.reason_code) == (False, reason)


# --- patents: the four examples of the standard, then spellings and faults ---


@pytest.mark.parametrize(
    ("number", "year", "kind"),
    [
        ("201710601862.3", 2017, "invention"),
        ("97101765.4", 1997, "invention"),
        ("95115608.X", 1995, "invention"),
        ("200310102344.5", 2003, "invention"),
    ],
)
@pytest.mark.parametrize("spelling", ["{}", "ZL{}", "zl {}", "CN{}", "专利号：ZL{}"])
def test_patent_numbers_of_the_standard_are_right(number, year, kind, spelling):
    checked = check_patent_number(spelling.format(number), today=DAY)
    assert checked == type(checked)("patent", number, True, None, year, kind)


def test_patent_number_without_its_dot_and_with_small_x():
    assert check_patent_number("ZL95115608x").value == "95115608.X"


def test_patent_number_in_full_width():
    assert check_patent_number("ＺＬ２０１７１０６０１８６２．３").valid


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("201710601862.4", "check_digit"),
        ("201710601682.3", "check_digit"),
        ("201710601862", "check_digit_missing"),
        ("97101765", "check_digit_missing"),
        ("2017106018.3", "length"),
        ("201750601862.3", "type"),
        ("203010601862.3", "year"),
        ("198010601862.3", "year"),
        ("50101765.4", "year"),
        ("CN107234567A", "publication_number"),
        ("专利号不记得", "not_digits"),
    ],
)
def test_wrong_patent_number_says_why(text, reason):
    checked = check_patent_number(text, today=DAY)
    assert (checked.valid, checked.reason_code) == (False, reason)


@given(st.integers(0, 11), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_patent_number_is_found(position, shift):
    number = "2017106018623"
    wrong = str((int(number[position]) + shift) % 10)
    assert not check_patent_number(number[:position] + wrong + number[position + 1 :]).valid


# --- registrations ---


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("第12345678号", "12345678", "national"),
        ("1234567A", "1234567A", "national"),
        ("g1234567", "G1234567", "madrid"),
    ],
)
def test_trademark_number_is_normalised(text, value, kind):
    checked = check_trademark_number(text)
    assert (checked.value, checked.type, checked.valid) == (value, kind, True)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), ("123456789", "length"), ("000", "length"), ("AB12", "format")]
)
def test_wrong_trademark_number_says_why(text, reason):
    assert check_trademark_number(text).reason_code == reason


@pytest.mark.parametrize(
    ("text", "value", "year"),
    [
        ("2023sr0123456", "2023SR0123456", 2023),
        ("2009 SR 012345", "2009SR012345", 2009),
        ("软著登字第1234567号", "软著登字第1234567号", None),
    ],
)
def test_software_number_is_normalised(text, value, year):
    checked = check_software_number(text, today=DAY)
    assert (checked.value, checked.year, checked.valid) == (value, year, True)


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), ("2027SR0123456", "year"), ("SR12", "format")])
def test_wrong_software_number_says_why(text, reason):
    assert check_software_number(text, today=DAY).reason_code == reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("国作登字-2022-F-10012345", "国作登字-2022-F-10012345"),
        ("鲁作登字 2022 f 00012345", "鲁作登字-2022-F-00012345"),
        ("国作登字2022F10012345", "国作登字-2022-F-10012345"),
    ],
)
def test_work_number_is_normalised(text, value):
    checked = check_work_number(text, today=DAY)
    assert (checked.value, checked.type, checked.year) == (value, "F", 2022)


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), ("国作登字-2030-F-10012345", "year"), ("2022-F-1", "format")]
)
def test_wrong_work_number_says_why(text, reason):
    assert check_work_number(text, today=DAY).reason_code == reason


# --- any of them ---


@pytest.mark.parametrize(
    ("text", "kind", "valid"),
    [
        (make_ticket_number("TS", DAY, 7), "ticket", True),
        ("ZL201710601862.3", "patent", True),
        ("201710601862.4", "patent", False),
        ("201710601862", "patent", False),
        ("95115608.X", "patent", True),
        ("2023SR0123456", "software", True),
        ("国作登字-2022-F-10012345", "work", True),
        ("13812345678", "phone", True),
        ("010-62083114", "phone", True),
        ("12345678", "trademark", True),
        ("G1234567", "trademark", True),
        ("你好", "unknown", False),
        ("", "unknown", False),
    ],
)
def test_identify_names_the_kind(text, kind, valid):
    checked = identify(text, today=DAY)
    assert (checked.kind, checked.valid) == (kind, valid)
    assert (checked.reason_code is None) == valid

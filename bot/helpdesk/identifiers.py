"""Numbers that people type: ticket numbers, query codes, phones, patent and registration numbers.

Every check takes what a citizen typed (full-width digits, spaces, lower case) and returns a
:class:`Checked`; nothing here raises on bad input, because a wrong number is an ordinary answer
that needs a reason, not an error. Credit codes and identity cards are checked elsewhere, by
python-stdnum, which the core may not import.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

TICKET_PREFIXES: Mapping[str, str] = {"complaint": "TS", "assistance": "YZ", "consultation": "ZX"}
"""Ticket kind to the prefix of its public number (initials of 投诉, 援助, 咨询)."""

SERIAL_LIMIT = 1_000_000
"""Serials run from 0 to this number less one; a day can hold that many tickets of one kind."""

CODE_ALPHABET = "0123456789ACDEFGHJKMNPRTVWXY"
"""Symbols of query and receipt codes: B I L O Q S U Z are left out, :func:`normalise_code` reads them."""

_LOOK_ALIKES = str.maketrans({"B": "8", "I": "1", "L": "1", "O": "0", "Q": "0", "S": "5", "U": "V", "Z": "2"})
_DIGIT_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-‐-―_·•・.,、。:：/\\()（）]+")

# Damm's totally anti-symmetric quasigroup of order 10 (H. M. Damm, dissertation, Marburg 2004).
# It finds every single wrong digit and every swap of neighbours, which a sum modulo 10 does not.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
# The prefix takes part in the check as one digit, so that TS… typed as YZ… is found as well.
_PREFIX_DIGITS = {"TS": "1", "YZ": "2", "ZX": "3", "CG": "4"}
#: Numbers of forms that were left half filled in; they are checked like a ticket's.
DRAFT_PREFIX = "CG"
_TICKET = re.compile(r"([A-Z]{2})([0-9OIL]{13})")


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of checking one number.

    Attributes:
        kind: What was checked: ticket, phone, patent, trademark, software, work, or unknown.
        value: Normal form when valid; otherwise what was typed, cleaned of spaces and width.
        valid: Whether form and check digit are right. It never means that the right exists.
        reason_code: Why not, as a key for words; None exactly when valid.
        year: Year the number carries (filing or registration), if any.
        type: Sub-kind, e.g. invention, mobile, madrid; for works the category letter.
    """

    kind: str
    value: str
    valid: bool
    reason_code: str | None = None
    year: int | None = None
    type: str | None = None


def clean(text: str) -> str:
    """Return the text in half-width upper case without surrounding space."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def compact(text: str) -> str:
    """Return :func:`clean` text without spaces, dashes, dots and brackets."""
    return _SEPARATORS.sub("", clean(text))


# --- ticket numbers -------------------------------------------------------------------------


def damm_digit(digits: str) -> str:
    """Return the Damm check digit of a string of decimal digits."""
    state = 0
    for digit in digits:
        state = int(_DAMM[state][int(digit)])
    return str(state)


def make_ticket_number(prefix: str, day: date, serial: int) -> str:
    """Return a public ticket number: prefix, yymmdd, six digits of serial, one check digit.

    Args:
        prefix: One of the values of ``TICKET_PREFIXES``, or ``DRAFT_PREFIX``.
        day: Local day on which the ticket was opened.
        serial: From 0 up to ``SERIAL_LIMIT`` (exclusive); unique for prefix and day.
    Raises:
        ValueError: Unknown prefix or serial out of range.
    """
    if prefix not in _PREFIX_DIGITS:
        raise ValueError(f"unknown ticket prefix: {prefix!r}")
    if not 0 <= serial < SERIAL_LIMIT:
        raise ValueError(f"serial out of range: {serial}")
    digits = f"{day:%y%m%d}{serial:06d}"
    return f"{prefix}{digits}{damm_digit(_PREFIX_DIGITS[prefix] + digits)}"


def check_ticket_number(text: str) -> Checked:
    """Check a ticket number as typed; ``type`` is the ticket kind."""
    return _check_number(text, "ticket", {prefix: kind for kind, prefix in TICKET_PREFIXES.items()})


def _check_number(text: str, what: str, prefixes: Mapping[str, str]) -> Checked:
    """Check a number of ours with one of these prefixes, each of which tells its type."""
    value = compact(text)
    match = _TICKET.fullmatch(value)
    if match is None:
        return Checked(what, value, False, "format" if value else "empty")
    prefix, digits = match[1], match[2].translate(_DIGIT_LOOK_ALIKES)
    if prefix not in prefixes:
        return Checked(what, value, False, "prefix")
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    if not _is_date(year, month, day):
        return Checked(what, value, False, "date")
    if damm_digit(_PREFIX_DIGITS[prefix] + digits[:-1]) != digits[-1]:
        return Checked(what, value, False, "check_digit")
    return Checked(what, prefix + digits, True, None, year, prefixes[prefix])


def parse_ticket_number(text: str) -> str | None:
    """Return the normal form of a ticket number, or None if it cannot be one."""
    checked = check_ticket_number(text)
    return checked.value if checked.valid else None


def parse_draft_number(text: str) -> str | None:
    """Return the normal form of the number of a saved form, or None if it cannot be one."""
    checked = _check_number(text, "draft", {DRAFT_PREFIX: "draft"})
    return checked.value if checked.valid else None


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


# --- codes ----------------------------------------------------------------------------------


def normalise_code(text: str) -> str:
    """Return a typed code in its one spelling: B I L O Q S U Z become 8 1 1 0 0 5 V 2."""
    return compact(text).translate(_LOOK_ALIKES)


def format_code(code: str) -> str:
    """Return the code in groups of four, as shown to citizens (ACDE-1234)."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


# --- telephone ------------------------------------------------------------------------------

_EXTENSION = re.compile(r"(?:转|EXT\.?|X|#)\s*(\d{1,6})$")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}")
# Three-digit area codes (010, 02x) have eight-digit numbers; the others have seven or eight.
_LANDLINE = re.compile(r"(010|02\d)(\d{8})|(0[3-9]\d{2})(\d{7,8})")


def check_phone(text: str) -> Checked:
    """Check a telephone number at which a citizen can be called back.

    ``type`` is mobile, landline, service (400, 800) or international. The normal form of mainland
    numbers has no country code; landlines keep a dash after the area code and before an extension.
    """
    typed = clean(text)
    extension = _EXTENSION.search(typed)
    digits = _SEPARATORS.sub("", typed[: extension.start()] if extension else typed)
    if not digits:
        return Checked("phone", digits, False, "empty")
    digits = re.sub(r"^(?:\+|00)86", "", digits)
    if re.fullmatch(r"861[3-9]\d{9}", digits):
        digits = digits[2:]
    if not re.fullmatch(r"\+?\d+", digits):
        return Checked("phone", digits, False, "not_digits")
    return _check_phone_digits(digits, f"-{extension[1]}" if extension else "")


def _check_phone_digits(digits: str, extension: str) -> Checked:
    if digits.startswith("+"):
        valid = re.fullmatch(r"\+[1-9]\d{6,14}", digits) is not None
        return Checked("phone", digits, valid, None if valid else "length", None, "international")
    if _MOBILE.fullmatch(digits):
        return Checked("phone", digits, True, None, None, "mobile")
    if _SERVICE.fullmatch(digits):
        return Checked("phone", digits + extension, True, None, None, "service")
    landline = _LANDLINE.fullmatch(digits)
    if landline:
        area, number = landline[1] or landline[3], landline[2] or landline[4]
        return Checked("phone", f"{area}-{number}{extension}", True, None, None, "landline")
    return Checked("phone", digits, False, _phone_reason(digits))


def _phone_reason(digits: str) -> str:
    if digits.startswith("1"):
        if len(digits) == 11:
            return "prefix"
        return "too_short" if len(digits) < 11 else "too_long"
    if len(digits) in (7, 8):
        return "area_code_missing"
    return "too_short" if len(digits) < 10 else "too_long" if len(digits) > 12 else "format"


# --- patents --------------------------------------------------------------------------------

PATENT_TYPES: Mapping[str, str] = {
    "1": "invention",
    "2": "utility_model",
    "3": "design",
    "8": "pct_invention",
    "9": "pct_utility_model",
}
_PATENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_PUBLICATION = re.compile(r"CN\d{7,9}[ABCUYSD]\d?")
# With its prefix, or bare: 9 or 13 places, or 12 digits of a number whose check digit was left out.
_PATENT_LIKE = re.compile(r"(?:专利号|申请号)?(?:ZL|CN)\d|(?:\d{8}|\d{12})[\dX]$|20\d{10}$")
_FIRST_PATENT_YEAR, _NEW_NUMBERS_FROM = 1985, 2003


def patent_check_digit(body: str) -> str:
    """Return the check digit of the first 12 digits (8 of an old number) of a patent number.

    Source: ZC 0006-2003 as described publicly; proved with the four examples in the tests.
    """
    total = sum(int(digit) * weight for digit, weight in zip(body, _PATENT_WEIGHTS, strict=False))
    return "X" if total % 11 == 10 else str(total % 11)


def check_patent_number(text: str, *, today: date | None = None) -> Checked:
    """Check a Chinese patent or patent application number.

    Accepts the 13-digit form used since 2003-10-01 and the 9-digit form before it, with or without
    ZL or CN, spaces and the dot. The normal form is digits, a dot, the check digit.

    Args:
        text: As typed.
        today: Local day; given, a filing year after it is refused.
    """
    value = compact(text)
    if not value:
        return Checked("patent", value, False, "empty")
    if _PUBLICATION.fullmatch(value):
        return Checked("patent", value, False, "publication_number")
    number = re.sub(r"^(?:专利号|申请号)?(?:ZL|CN)?", "", value)
    if not re.fullmatch(r"\d+[\dX]", number):
        return Checked("patent", value, False, "not_digits")
    if len(number) not in (9, 13):
        return Checked("patent", value, False, _patent_length_reason(number))
    return _check_patent_parts(number[:-1], number[-1], today)


def _patent_length_reason(number: str) -> str:
    if len(number) in (8, 12) and number.isdigit():
        return "check_digit_missing"
    return "length"


def _check_patent_parts(body: str, check: str, today: date | None) -> Checked:
    value = f"{body}.{check}"
    year, type_digit = (int(body[:4]), body[4]) if len(body) == 12 else (_short_year(body), body[2])
    last_year = today.year if today else 2099
    first, last = (_NEW_NUMBERS_FROM, last_year) if len(body) == 12 else (_FIRST_PATENT_YEAR, 2003)
    if not first <= year <= last:
        return Checked("patent", value, False, "year", year)
    if type_digit not in PATENT_TYPES:
        return Checked("patent", value, False, "type", year)
    patent_type = PATENT_TYPES[type_digit]
    if patent_check_digit(body) != check:
        return Checked("patent", value, False, "check_digit", year, patent_type)
    return Checked("patent", value, True, None, year, patent_type)


def _short_year(body: str) -> int:
    short = int(body[:2])
    return (1900 if short >= _FIRST_PATENT_YEAR - 1900 else 2000) + short


# --- registrations --------------------------------------------------------------------------

_TRADEMARK = re.compile(r"(G)?(\d+)([A-Z])?")
_TRADEMARK_LIKE = re.compile(r"(?:商标.*|第|注册号)?G?\d{1,8}[A-Z]?号?")
_SOFTWARE = re.compile(r"(\d{4})SR(\d{4,7})")
_SOFTWARE_CERTIFICATE = re.compile(r"软著登字第?([A-Z]{0,2}\d{4,8})号?")
_WORK = re.compile(r"([㐀-鿿])作登字-?(\d{4})-?([A-Z])-?(\d{5,8})号?")
_FIRST_SOFTWARE_YEAR, _FIRST_WORK_YEAR = 1992, 1991


def check_trademark_number(text: str) -> Checked:
    """Check a trade-mark registration or application number (national, or Madrid with G).

    There is no check digit; only form and length can be judged.
    """
    value = re.sub(r"^(?:商标)?(?:注册号|申请号)?第?|号$", "", compact(text))
    if not value:
        return Checked("trademark", value, False, "empty")
    match = _TRADEMARK.fullmatch(value)
    if match is None:
        return Checked("trademark", value, False, "format")
    if not 1 <= len(match[2]) <= 8 or int(match[2]) == 0:
        return Checked("trademark", value, False, "length")
    return Checked("trademark", value, True, None, None, "madrid" if match[1] else "national")


def check_software_number(text: str, *, today: date | None = None) -> Checked:
    """Check a software copyright registration number (2023SR0123456) or certificate number."""
    value = compact(text)
    if not value:
        return Checked("software", value, False, "empty")
    certificate = _SOFTWARE_CERTIFICATE.fullmatch(value)
    if certificate:
        return Checked("software", f"软著登字第{certificate[1]}号", True, None, None, "certificate")
    match = _SOFTWARE.fullmatch(value)
    if match is None:
        return Checked("software", value, False, "format")
    return _dated("software", value, int(match[1]), _FIRST_SOFTWARE_YEAR, "registration", today)


def check_work_number(text: str, *, today: date | None = None) -> Checked:
    """Check a work registration number (国作登字-2022-F-10012345); ``type`` is the category letter."""
    value = re.sub(r"[\s‐-―]+", "-", clean(text)).strip("-")
    if not value:
        return Checked("work", value, False, "empty")
    match = _WORK.fullmatch(re.sub(r"-+", "-", value))
    if match is None:
        return Checked("work", value, False, "format")
    normal = f"{match[1]}作登字-{match[2]}-{match[3]}-{match[4]}"
    return _dated("work", normal, int(match[2]), _FIRST_WORK_YEAR, match[3], today)


def _dated(kind: str, value: str, year: int, first: int, sub_kind: str, today: date | None) -> Checked:
    if not first <= year <= (today.year if today else 2099):
        return Checked(kind, value, False, "year", year)
    return Checked(kind, value, True, None, year, sub_kind)


# --- any of them ----------------------------------------------------------------------------


def identify(text: str, *, today: date | None = None) -> Checked:
    """Say what kind of number a text is, and whether it is right.

    Kinds with letters or a check digit are tried before plain digits, so that a mistyped patent
    number is reported as one instead of passing as a telephone number. Bare digits that fit
    nothing else are taken for a trade mark.
    """
    value = compact(text)
    if re.match(r"(?:TS|YZ|ZX)[0-9OIL]{6}", value):
        return check_ticket_number(text)
    if "作登字" in value:
        return check_work_number(text, today=today)
    if re.match(r"\d{4}SR|软著登字", value):
        return check_software_number(text, today=today)
    if _PATENT_LIKE.match(value):
        return check_patent_number(text, today=today)
    if _MOBILE.fullmatch(value) or re.match(r"\+|0", value) or _SERVICE.fullmatch(value):
        return check_phone(text)
    if _TRADEMARK_LIKE.fullmatch(value):
        return check_trademark_number(text)
    return Checked("unknown", value, False, "unknown" if value else "empty")

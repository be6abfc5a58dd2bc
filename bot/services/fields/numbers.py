"""Numbers that identify a citizen or a right, with reasons a citizen can act on.

Form and check digits of telephones and rights are judged by `bot.helpdesk.identifiers`, identity
cards and credit codes by python-stdnum. Here the number is found in what was typed, and the reason
is turned into the code of a rejection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from bot.helpdesk.identifiers import (
    Checked,
    check_patent_number,
    check_phone,
    check_software_number,
    check_trademark_number,
    check_work_number,
    clean,
    compact,
    identify,
)
from bot.services.fields.result import Accepted, Outcome, Rejected, rejected

_PHONE = re.compile(r"\+?[\d(][\d\s()\-‐-―]{5,}\d(?:\s*(?:转|EXT\.?|#)\s*\d{1,6})?")
_PHONE_WITH_EXTENSION = re.compile(r"(0\d{2,3}-\d{7,8}|[48]00\d{7})-(\d{1,6})")
_ID_LIKE = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{15,20}(?![0-9A-Z])")
_PASSPORT = re.compile(r"[A-Z]{1,2}\d{7,9}")
_RIGHT_LIKE = re.compile(
    r"\d{4}SR\d{4,7}|[㐀-鿿]作登字[\d\sA-Z\-]+|(?:ZL|CN|G)?\s*\d[\d\s]*(?:\.\s*[\dX])?[A-Z]?(?![\dA-Z])"
)
_LIST = re.compile(r"[、,;]|和|及")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_FIRST_BIRTH_YEAR = 1900
_FREE_NUMBER_CHARS = (3, 60)


def check_phone_answer(text: str) -> Outcome:
    """Find one telephone number in the answer."""
    typed = clean(text)
    if stored := _PHONE_WITH_EXTENSION.fullmatch(typed):
        typed = f"{stored[1]}转{stored[2]}"
    found = [check_phone(match[0]) for match in _PHONE.finditer(typed)]
    valid = list(dict.fromkeys(checked.value for checked in found if checked.valid))
    if len(valid) > 1:
        return rejected("phone_several")
    if valid:
        return Accepted(valid[0], valid[0])
    reason = (found[0] if found else check_phone(typed)).reason_code
    codes = {"not_digits": "phone_empty" if not found else "phone_format", "length": "phone_format"}
    return rejected(codes.get(str(reason), f"phone_{reason}"))


def check_party_id(text: str, *, today: date) -> Outcome:
    """Find an identity card, a unified social credit code or a passport number in the answer."""
    typed = compact(text)
    match = _ID_LIKE.search(typed)
    number = match[0] if match else typed
    if _PASSPORT.fullmatch(number):
        return Accepted(number, number)
    if re.fullmatch(r"\d{15}", number):
        return rejected("party_id_old")
    if len(number) != 18:
        is_number = re.fullmatch(r"[0-9A-Z]+", number) and re.search(r"\d{6}", number)
        return rejected("party_id_length", length=len(number)) if is_number else rejected("party_id_format")
    if not re.fullmatch(r"[0-9A-Z]{18}", number):
        return rejected("party_id_format")
    problem = _id_card_problem(number, today) if _looks_like_id_card(number) else _uscc_problem(number)
    return problem or Accepted(number, number)


def check_credit_code(text: str) -> Outcome:
    """Find a unified social credit code in the answer; a person's identity number is none."""
    typed = compact(text)
    match = _ID_LIKE.search(typed)
    number = match[0] if match else typed
    if not re.fullmatch(r"[0-9A-Z]{18}", number):
        return rejected("credit_code_format")
    if _looks_like_id_card(number):
        return rejected("credit_code_person")
    return _uscc_problem(number) or Accepted(number, number)


def check_right_number(text: str, *, right: str | None, today: date) -> Outcome:
    """Check the number of a right, or several of them in a list.

    Args:
        right: The right the form was told; it decides which rules apply.
    """
    parts = [part for part in _LIST.split(clean(text)) if part.strip()]
    outcomes = [_one_right_number(part, right, today) for part in parts]
    problem = next((outcome for outcome in outcomes if isinstance(outcome, Rejected)), None)
    if problem or not outcomes:
        return problem or rejected("right_number_format")
    value = "、".join(dict.fromkeys(o.value for o in outcomes if isinstance(o, Accepted)))
    return Accepted(value, value)


def check_email(text: str) -> Outcome:
    """Find an e-mail address in the answer."""
    match = _EMAIL.search(clean(text).lower())
    return Accepted(match[0], match[0]) if match else rejected("email_format")


def _looks_like_id_card(number: str) -> bool:
    """Tell an identity card from a credit code: its middle is a date of birth, or its form says so."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    return number[6:8] in ("18", "19", "20") or not (number.startswith("9") or uscc.is_valid(number))


def _id_card_problem(number: str, today: date) -> Rejected | None:
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        return rejected("id_card_date")
    if not born.year >= _FIRST_BIRTH_YEAR or born > today:
        return rejected("id_card_date")
    return None if number[-1] == ric.calc_check_digit(number) else rejected("id_card_check")


def _uscc_problem(number: str) -> Rejected | None:
    try:
        uscc.validate(number)
    except ValidationError as error:
        is_check = type(error).__name__ == "InvalidChecksum"
        return rejected("uscc_check" if is_check else "uscc_format")
    return None


def _one_right_number(text: str, right: str | None, today: date) -> Outcome:
    check = _CHECKS.get(right or "")
    if check is None:
        return _free_number(text, identify(text, today=today))
    whole = _call(check, text, today)
    inner = [_call(check, match[0], today) for match in _RIGHT_LIKE.finditer(text)]
    best = next((checked for checked in (whole, *inner) if checked.valid), None)
    if best:
        return Accepted(best.value, best.value)
    return _right_rejection(inner[0] if inner and whole.reason_code in ("not_digits", "format") else whole)


def _call(check: Callable[..., Checked], text: str, today: date) -> Checked:
    return check(text) if check is check_trademark_number else check(text, today=today)


def _copyright_number(text: str, *, today: date) -> Checked:
    software = check_software_number(text, today=today)
    return check_work_number(text, today=today) if software.reason_code in ("format", "empty") else software


def _free_number(text: str, checked: Checked) -> Outcome:
    """Take a number of a kind we have no rule for; what is clearly mistyped is still refused."""
    if checked.valid and checked.kind in _RIGHT_KINDS:
        return Accepted(checked.value, checked.value)
    if checked.kind == "patent":
        return _right_rejection(checked)
    if checked.valid:
        return rejected("right_number_format")
    typed = " ".join(text.split())
    shortest, longest = _FREE_NUMBER_CHARS
    if not re.search(r"\d", typed) or not shortest <= len(typed) <= longest:
        return rejected("right_number_format")
    return Accepted(typed, typed)


def _right_rejection(checked: Checked) -> Rejected:
    if checked.reason_code == "empty":
        return rejected("right_number_format")
    kind = "work" if checked.kind == "software" else checked.kind
    return rejected(f"{kind}_{checked.reason_code}")


_CHECKS: dict[str, Callable[..., Checked]] = {
    "patent": check_patent_number,
    "trademark": check_trademark_number,
    "copyright": _copyright_number,
}
_RIGHT_KINDS = frozenset({"patent", "trademark", "software", "work"})

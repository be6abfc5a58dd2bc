"""Tokens and codes: only this installation makes them, and only for what they name."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from bot.helpdesk.errors import SessionInvalid
from bot.services.signing import SESSION_LIFETIME, Signer

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SIGNER = Signer("secret")


def test_a_token_opens_its_conversation() -> None:
    assert SIGNER.conversation_of(SIGNER.session_token("web:1", NOW), NOW) == "web:1"


HUGE_TIME = base64.urlsafe_b64encode(b"web:1|" + b"9" * 400).decode().rstrip("=") + ".AAAA"


@pytest.mark.parametrize("token", [HUGE_TIME, "", "x", "a.b", "a.b.c", "d2ViOjF8MQ.AAAA", "é.ü", "=.="])
def test_a_forged_token_opens_nothing(token: str) -> None:
    with pytest.raises(SessionInvalid):
        SIGNER.conversation_of(token, NOW)


def test_a_token_of_another_installation_opens_nothing() -> None:
    with pytest.raises(SessionInvalid):
        SIGNER.conversation_of(Signer("other").session_token("web:1", NOW), NOW)


def test_the_parts_of_two_tokens_do_not_mix() -> None:
    mine, other = SIGNER.session_token("web:1", NOW), SIGNER.session_token("web:2", NOW)
    with pytest.raises(SessionInvalid):
        SIGNER.conversation_of(f"{other.split('.')[0]}.{mine.split('.')[1]}", NOW)


def test_an_old_token_opens_nothing() -> None:
    token = SIGNER.session_token("web:1", NOW)
    with pytest.raises(SessionInvalid):
        SIGNER.conversation_of(token, NOW + SESSION_LIFETIME + timedelta(seconds=1))


def test_a_query_code_fits_its_ticket_only_and_forgives_how_it_is_typed() -> None:
    code = SIGNER.query_code("TS2611200000015")
    assert SIGNER.matches_code("TS2611200000015", f" {code[:4].lower()}-{code[4:].lower()} ")
    assert not SIGNER.matches_code("TS2611200000023", code)
    assert not SIGNER.matches_code("TS2611200000015", "")
    assert not SIGNER.matches_code("TS2611200000015", "\ud800")

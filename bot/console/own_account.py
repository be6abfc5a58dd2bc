"""An agent's own account: open sessions, and the second factor."""

from __future__ import annotations

from typing import Any

import segno
from aiohttp import web
from markupsafe import Markup

from bot.console.access import home_of
from bot.console.accounts import bare_page
from bot.console.errors import STATUS
from bot.console.inputs import see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, PASSWORDS, SESSION, WORDS
from bot.console.pages import render
from bot.console.sessions import address_of, drop_session, idle_of
from bot.helpdesk.errors import BadRequest, CodeWrong, HelpdeskError, LoginFailed, LoginLimited
from bot.helpdesk.permissions import SecondFactorRule
from bot.services import second_factor, staff, staff_sessions
from bot.store.tables import Agent

ACCOUNT_PAGE = f"{CONSOLE_PREFIX}/account"
SET_UP_PAGE = f"{ACCOUNT_PAGE}/second-factor/set-up"
#: A white edge of four modules belongs to the symbol (ISO/IEC 18004); without it dark pages hide it.
_QR_EDGE = 4


def routes() -> list[web.RouteDef]:
    """Return the routes of this module, below the console."""
    return [
        web.get("/account", account_page, name="account"),
        web.post("/account/sessions/{id}/end", end_session, name="session_end"),
        web.post("/account/sessions/end-others", end_other_sessions, name="sessions_end_others"),
        web.get("/account/second-factor", code_page, name="second_factor"),
        web.post("/account/second-factor", give_code, name="second_factor"),
        web.get("/account/second-factor/set-up", set_up_page, name="second_factor_set_up"),
        web.post("/account/second-factor/begin", begin, name="second_factor_begin"),
        web.post("/account/second-factor/finish", finish, name="second_factor_finish"),
        web.post("/account/second-factor/codes", renew_codes, name="second_factor_codes"),
        web.post("/account/second-factor/give-up", give_up, name="second_factor_give_up"),
    ]


# --- sessions -------------------------------------------------------------------------------


async def account_page(request: web.Request) -> web.Response:
    """Show the agent's sessions and how the account is protected."""
    return await _account_page(request)


async def _account_page(
    request: web.Request, *, problem: HelpdeskError | None = None, notice: str | None = None
) -> web.Response:
    desk, agent = request.config_dict[DESK], request[AGENT]
    rule = desk.settings.second_factor
    async with desk.read() as session:
        current = await session.get_one(Agent, agent.id)
        open_sessions = await staff_sessions.sessions_of(
            session, agent.id, now=desk.clock(), idle=idle_of(request)
        )
    return render(
        request,
        "account.html",
        status=_status_of(problem),
        section="account",
        sessions=open_sessions,
        own_session=request[SESSION].id,
        has_second_factor=current.totp_enabled_at is not None,
        codes_left=len(current.recovery_hashes),
        offers_second_factor=rule is not SecondFactorRule.OFF,
        needs_second_factor=rule.requires(agent.role),
        problem=_words_of(request, problem),
        notice=notice,
    )


async def end_session(request: web.Request) -> web.Response:
    """End one of one's own sessions; the present one is a log-out."""
    desk, agent, session_id = request.config_dict[DESK], request[AGENT], request.match_info["id"]
    async with desk.begin() as session:
        await staff_sessions.end_one(
            session, session_id, agent_id=agent.id, by=agent.id, now=desk.clock()
        )
    if session_id != request[SESSION].id:
        return see_other(ACCOUNT_PAGE)
    response = see_other(f"{CONSOLE_PREFIX}/login?out=1")
    drop_session(request, response)
    return response


async def end_other_sessions(request: web.Request) -> web.Response:
    """End all of one's own sessions but the present one."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    async with desk.begin() as session:
        await staff_sessions.end_others(
            session, agent_id=agent.id, keep=request[SESSION].token_hash, by=agent.id, now=desk.clock()
        )
    return see_other(ACCOUNT_PAGE)


# --- the code at the log-in -----------------------------------------------------------------


async def code_page(request: web.Request) -> web.Response:
    """Ask for the code that completes a log-in."""
    if request[AGENT].totp_enabled_at is None or request[SESSION].second_factor_at is not None:
        return see_other(home_of(request[AGENT]))
    return bare_page(request, "second_factor_code.html")


async def give_code(request: web.Request) -> web.Response:
    """Complete the log-in with a code of the app, or a recovery code."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    form = await request.post()
    try:
        await second_factor.give_code(
            desk.database,
            desk.signer,
            agent.id,
            code=str(form.get("code", ""))[:40],
            token_hash=request[SESSION].token_hash,
            address=address_of(request),
            now=desk.clock(),
        )
    except (CodeWrong, LoginLimited) as error:
        return _refused(request, "second_factor_code.html", error)
    return see_other(home_of(agent))


# --- setting it up --------------------------------------------------------------------------


async def set_up_page(request: web.Request) -> web.Response:
    """Show the key for the authenticator app; the first log-in of some roles ends here."""
    return await _set_up_page(request)


async def _set_up_page(request: web.Request, problem: HelpdeskError | None = None) -> web.Response:
    desk = request.config_dict[DESK]
    rule = desk.settings.second_factor
    async with desk.read() as session:
        agent = await session.get_one(Agent, request[AGENT].id)
    if agent.totp_enabled_at is not None or rule is SecondFactorRule.OFF:
        return see_other(ACCOUNT_PAGE)
    words = request.config_dict[WORDS]
    enrolment = second_factor.enrolment_of(desk.signer, agent, issuer=words("issuer"))
    return bare_page(
        request,
        "second_factor_set_up.html",
        status=_status_of(problem),
        enrolment=enrolment,
        picture=_qr_code(enrolment.uri) if enrolment else None,
        is_required=rule.requires(agent.role),
        problem=_words_of(request, problem),
    )


def _qr_code(uri: str) -> Markup:
    """Return the picture as inline SVG: it holds a secret, so it has no address of its own."""
    picture = segno.make(uri, error="m")
    return Markup(picture.svg_inline(scale=4, border=_QR_EDGE, dark="#000", light="#fff"))


async def begin(request: web.Request) -> web.Response:
    """Make a new key, after the password was given once more."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    try:
        await _confirm_password(request)
        async with desk.begin() as session:
            await second_factor.begin_enrolment(session, desk.signer, agent.id)
    except (LoginFailed, LoginLimited) as error:
        return await _set_up_page(request, error)
    except BadRequest:
        pass
    return see_other(SET_UP_PAGE)


async def finish(request: web.Request) -> web.Response:
    """Take the first code, and show the recovery codes once."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    form = await request.post()
    try:
        codes = await second_factor.finish_enrolment(
            desk.database,
            desk.signer,
            agent.id,
            code=str(form.get("code", ""))[:40],
            keep_token_hash=request[SESSION].token_hash,
            address=address_of(request),
            now=desk.clock(),
        )
    except (CodeWrong, LoginLimited) as error:
        return await _set_up_page(request, error)
    return bare_page(request, "recovery_codes.html", codes=codes, home=home_of(agent))


async def renew_codes(request: web.Request) -> web.Response:
    """Show new recovery codes once; the old ones open nothing any more."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    try:
        await _confirm_password(request)
        async with desk.begin() as session:
            codes = await second_factor.renew_recovery_codes(
                session, desk.signer, agent.id, now=desk.clock()
            )
    except (LoginFailed, LoginLimited, BadRequest) as error:
        return await _account_page(request, problem=error)
    return bare_page(request, "recovery_codes.html", codes=codes, home=ACCOUNT_PAGE)


async def give_up(request: web.Request) -> web.Response:
    """Do without a second factor from now on."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    try:
        await _confirm_password(request)
        async with desk.begin() as session:
            await second_factor.give_up(
                session, agent.id, desk.settings.second_factor, now=desk.clock()
            )
    except HelpdeskError as error:
        return await _account_page(request, problem=error)
    return see_other(ACCOUNT_PAGE)


async def _confirm_password(request: web.Request) -> None:
    desk = request.config_dict[DESK]
    form = await request.post()
    await staff.confirm_password(
        desk.database,
        request.config_dict[PASSWORDS],
        request[AGENT].id,
        str(form.get("password", ""))[:200],
        address=address_of(request),
        now=desk.clock(),
    )


def _refused(request: web.Request, template: str, error: HelpdeskError, **context: Any) -> web.Response:
    return bare_page(
        request, template, status=_status_of(error), problem=_words_of(request, error), **context
    )


def _status_of(error: HelpdeskError | None) -> int:
    return STATUS.get(error.code, 400) if error else 200


def _words_of(request: web.Request, error: HelpdeskError | None) -> str | None:
    """Return what to tell about an error; a wrong password is not a wrong pair of login and password here."""
    if error is None:
        return None
    words = request.config_dict[WORDS]
    code = "password_wrong" if isinstance(error, LoginFailed) else error.code
    return words.for_error(code, error.details)

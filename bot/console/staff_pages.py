"""Accounts as administrators manage them, and the audit of staff matters."""

from __future__ import annotations

import re
from typing import Any

import structlog
from aiohttp import web

from bot.console.errors import STATUS
from bot.console.inputs import id_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, PASSWORDS, WORDS
from bot.console.pages import render
from bot.console.sessions import idle_of
from bot.helpdesk.errors import BadRequest, HelpdeskError, OwnAccount
from bot.helpdesk.permissions import Role
from bot.helpdesk.routing import LANGUAGES
from bot.helpdesk.ticket import RIGHTS
from bot.services import accounts, staff, staff_audit, staff_sessions
from bot.services.accounts import AccountChange

log = structlog.get_logger()

STAFF_PAGE = f"{CONSOLE_PREFIX}/staff"
EVENTS_PER_PAGE = 50
_ROLES = tuple(role.value for role in Role)
_BETWEEN_CODES = re.compile(r"[\s,，、;；]+")


def routes() -> list[web.RouteDef]:
    """Return the routes of this module, below the console."""
    return [
        web.get("/staff", list_page, name="staff"),
        web.post("/staff", add, name="staff"),
        web.get("/staff/{id}", account_page, name="staff_account"),
        web.post("/staff/{id}", change, name="staff_account"),
        web.post("/staff/{id}/password", reset_password, name="staff_password"),
        web.post("/staff/{id}/second-factor", reset_second_factor, name="staff_second_factor"),
        web.post("/staff/{id}/sessions/end", end_sessions, name="staff_sessions_end"),
        web.post("/staff/{id}/sessions/{session}/end", end_session, name="staff_session_end"),
        web.get("/staff-events", events_page, name="staff_events"),
    ]


async def list_page(request: web.Request) -> web.Response:
    """Show all accounts, and a form for a new one."""
    return await _list_page(request)


async def _list_page(request: web.Request, problem: HelpdeskError | None = None, **context: Any) -> web.Response:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        found = await accounts.accounts(session, now=desk.clock())
    defaults = {"form": {"login": "", "name": "", "role": "agent", "regions": "", "rights": (), "languages": ()}}
    return _page(request, "staff.html", problem, accounts=found, **{**defaults, **context})


async def add(request: web.Request) -> web.Response:
    """Add an account; its one-time password is shown once."""
    desk = request.config_dict[DESK]
    form = await _form(request)
    password = staff.one_time_password()
    password_hash = await request.config_dict[PASSWORDS].hash(password)
    try:
        async with desk.begin() as session:
            agent = await accounts.add_account(
                session,
                login=form["login"],
                name=form["name"],
                role=form["role"],
                regions=_codes(form["regions"]),
                rights=form["rights"],
                languages=form["languages"],
                password_hash=password_hash,
                by=request[AGENT].id,
                now=desk.clock(),
            )
    except HelpdeskError as error:
        return await _list_page(request, error, form=form)
    log.info("staff.account_added", agent_id=agent.id, by=request[AGENT].id)
    return await _account_page(request, agent.id, password=password)


async def account_page(request: web.Request) -> web.Response:
    """Show one account with its open sessions."""
    return await _account_page(request, request.match_info["id"])


async def _account_page(
    request: web.Request, agent_id: str, problem: HelpdeskError | None = None, **context: Any
) -> web.Response:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        account = await accounts.account(session, agent_id, now=desk.clock())
        open_sessions = await staff_sessions.sessions_of(
            session, agent_id, now=desk.clock(), idle=idle_of(request)
        )
        history = await staff_audit.events(session, subject=agent_id, limit=10)
    form = {
        "name": account.name, "role": account.role, "regions": " ".join(account.regions),
        "is_active": account.is_active, "rights": account.rights, "languages": account.languages,
    }  # fmt: skip
    return _page(
        request, "staff_account.html", problem, account=account, sessions=open_sessions,
        history=history, **{"form": form, "password": None, **context},
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """Save name, role, regions, skills, and whether the account is active."""
    desk, agent_id = request.config_dict[DESK], request.match_info["id"]
    form = await _form(request)
    wanted = AccountChange(
        name=form["name"],
        role=form["role"] or None,
        regions=_codes(form["regions"]),
        rights=form["rights"],
        languages=form["languages"],
        is_active=form["is_active"] == "yes",
    )
    if agent_id == request[AGENT].id:
        # The form of one's own account holds nothing but name and skills.
        wanted = AccountChange(name=form["name"], rights=form["rights"], languages=form["languages"])
    try:
        async with desk.begin() as session:
            await accounts.change_account(
                session, agent_id, wanted, by=request[AGENT].id, now=desk.clock()
            )
    except HelpdeskError as error:
        shown = {**form, "is_active": form["is_active"] == "yes"}
        return await _account_page(request, agent_id, error, form=shown)
    log.info("staff.account_changed", agent_id=agent_id, by=request[AGENT].id)
    return see_other(f"{STAFF_PAGE}/{agent_id}")


async def reset_password(request: web.Request) -> web.Response:
    """Give the account a new one-time password, shown once."""
    desk, agent_id = request.config_dict[DESK], _another(request)
    password = staff.one_time_password()
    password_hash = await request.config_dict[PASSWORDS].hash(password)
    async with desk.begin() as session:
        await accounts.reset_password(
            session, agent_id, password_hash=password_hash, by=request[AGENT].id, now=desk.clock()
        )
    return await _account_page(request, agent_id, password=password)


async def reset_second_factor(request: web.Request) -> web.Response:
    """Take away a second factor whose device is lost."""
    desk, agent_id = request.config_dict[DESK], _another(request)
    async with desk.begin() as session:
        await accounts.reset_second_factor(
            session, agent_id, by=request[AGENT].id, now=desk.clock()
        )
    return see_other(f"{STAFF_PAGE}/{agent_id}")


async def end_sessions(request: web.Request) -> web.Response:
    """End all sessions of an account.

    Raises:
        AccountNotFound: There is no such account.
    """
    desk, agent_id = request.config_dict[DESK], request.match_info["id"]
    async with desk.begin() as session:
        await accounts.account(session, agent_id, now=desk.clock())
        await staff_sessions.end_others(
            session, agent_id=agent_id, keep=None, by=request[AGENT].id, now=desk.clock()
        )
    return see_other(f"{STAFF_PAGE}/{agent_id}")


async def end_session(request: web.Request) -> web.Response:
    """End one session of an account.

    Raises:
        AccountNotFound: There is no such account.
    """
    desk, agent_id = request.config_dict[DESK], request.match_info["id"]
    async with desk.begin() as session:
        await accounts.account(session, agent_id, now=desk.clock())
        await staff_sessions.end_one(
            session, request.match_info["session"], agent_id=agent_id, by=request[AGENT].id,
            now=desk.clock(),
        )  # fmt: skip
    return see_other(f"{STAFF_PAGE}/{agent_id}")


async def events_page(request: web.Request) -> web.Response:
    """Show the audit of staff matters, newest first, and whether its chain holds."""
    desk = request.config_dict[DESK]
    before = id_in(request.query.get("before"), "before")
    async with desk.read() as session:
        found = await staff_audit.events(session, before=before, limit=EVENTS_PER_PAGE)
        holds = await staff_audit.stretch_holds(session, found)
    return _page(
        request, "staff_events.html", None, events=found, holds=holds,
        next=found[-1].seq if len(found) == EVENTS_PER_PAGE and found[-1].seq > 1 else None,
    )  # fmt: skip


def _another(request: web.Request) -> str:
    """Return the account in the path; one's own is looked after on its own page, with the password.

    Raises:
        OwnAccount: It is one's own.
    """
    agent_id = request.match_info["id"]
    if agent_id == request[AGENT].id:
        raise OwnAccount
    return agent_id


def _page(
    request: web.Request, template: str, problem: HelpdeskError | None, **context: Any
) -> web.Response:
    words = request.config_dict[WORDS]
    return render(
        request,
        template,
        status=STATUS.get(problem.code, 400) if problem else 200,
        section="staff_events" if template == "staff_events.html" else "staff",
        roles=_ROLES,
        known_rights=RIGHTS,
        known_languages=LANGUAGES,
        problem=_words_of(words, problem),
        **context,
    )


def _words_of(words: Any, problem: HelpdeskError | None) -> str | None:
    if isinstance(problem, BadRequest):
        return words(f"staff_fields.{problem.details.get('field')}")
    return words.for_error(problem.code, problem.details) if problem else None


async def _form(request: web.Request) -> dict[str, Any]:
    """Return what was typed as text, and what was ticked as lists."""
    sent = await request.post()
    names = ("login", "name", "role", "regions", "is_active")
    typed = {name: str(sent.get(name, ""))[:400].strip() for name in names}
    return typed | {name: [str(value) for value in sent.getall(name, ())] for name in ("rights", "languages")}


def _codes(text: str) -> list[str]:
    return [code for code in _BETWEEN_CODES.split(text) if code]

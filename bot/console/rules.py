"""Pages of SLA rules: policies and calendars with their versions, and forms that make the next one.

A form is previewed before it can be saved: what is saved is what the preview was shown of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.bootstrap import Desk
from bot.console import roles, rule_forms
from bot.console.errors import STATUS
from bot.console.inputs import see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.pages import render
from bot.console.words import Words
from bot.helpdesk.errors import HelpdeskError
from bot.helpdesk.sla import MAIN_CALENDAR, Policy, PolicyMissing
from bot.services import sla

STEP = "sla.rules"


def routes() -> list[web.RouteDef]:
    """Return the routes of these pages."""
    return [
        web.get("/rules", rules_page, name="rules"),
        web.get("/rules/policies/{id}", policy_page, name="rule_policy"),
        web.post("/rules/policies/{id}", change_policy, name="rule_policy"),
        web.get("/rules/calendars/new", new_calendar_page, name="rule_calendar_new"),
        web.post("/rules/calendars/new", change_calendar, name="rule_calendar_new"),
        web.get("/rules/calendars/{id}", calendar_page, name="rule_calendar"),
        web.post("/rules/calendars/{id}", change_calendar, name="rule_calendar"),
    ]


@dataclass(frozen=True)
class Outcome:
    """What a posted form led to, short of being saved."""

    status: int = 200
    problem: str = ""
    field: str = ""
    is_stale: bool = False
    preview: sla.Preview | None = None
    version: Any = None
    seen: str = ""
    must_look_again: bool = False


async def rules_page(request: web.Request) -> web.Response:
    """List policies and calendars with their versions, and who saved what when."""
    roles.check(request[AGENT], "sla.rules.read")
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        policies, calendars = await sla.rule_histories(session, desk.office.sla)
    book, now = desk.office.sla, desk.clock()
    return render(
        request,
        "rules.html",
        section="rules",
        policies=[(one, _in_force(book, one.latest.rule.applies_to, now)) for one in policies],
        calendars=[(one, rule_forms.years_of(one.latest.rule.calendar)) for one in calendars],
        weekdays=rule_forms.WEEKDAYS,
        written=rule_forms.calendar_form,
        today=book.calendar.local_date(now),
        saved=request.query.get("saved", ""),
    )


def _in_force(book: sla.SlaBook, applies_to: str, now: Any) -> int | None:
    try:
        return book.current(applies_to, now).version
    except PolicyMissing:
        return None


async def policy_page(request: web.Request) -> web.Response:
    """Show the form that makes the next version of a policy."""
    roles.check(request[AGENT], STEP)
    desk = request.config_dict[DESK]
    policy = await _latest_policy(request)
    form = rule_forms.policy_form(policy, desk.office.calendar.local_date(desk.clock()))
    return _policy_form(request, policy, form, Outcome())


async def change_policy(request: web.Request) -> web.Response:
    """Preview the next version of a policy, or save it."""
    roles.check(request[AGENT], STEP)
    desk, now = request.config_dict[DESK], request.config_dict[DESK].clock()
    policy, form = await _latest_policy(request), await _fields(request)
    book, is_running = desk.office.sla, form.get("reach") == "running"

    async def save() -> None:
        draft = rule_forms.policy_draft(policy.id, form)
        async with desk.begin() as session:
            await sla.save_policy(
                session, book, draft, agent=request[AGENT], to_running=is_running, now=now
            )

    def propose() -> Policy:
        return sla.propose_policy(book, rule_forms.policy_draft(policy.id, form), now=now)

    scope = sla.RUNNING if is_running else sla.NONE
    outcome = await _outcome(request, form, propose, save, scope)
    if outcome is None:
        return see_other(f"{CONSOLE_PREFIX}/rules?saved={policy.id}")
    return _policy_form(request, policy, form, outcome)


async def calendar_page(request: web.Request) -> web.Response:
    """Show the form that makes the next version of a calendar."""
    roles.check(request[AGENT], STEP)
    latest = await _latest_calendar(request, request.match_info["id"])
    form = rule_forms.calendar_form(latest.calendar, version=latest.version)
    return _calendar_form(request, latest.id, form, Outcome())


async def new_calendar_page(request: web.Request) -> web.Response:
    """Show the form that makes a calendar of its own for a centre, filled in as the office's."""
    roles.check(request[AGENT], STEP)
    main = await _latest_calendar(request, MAIN_CALENDAR)
    form = rule_forms.calendar_form(main.calendar, version=0) | {"id": ""}
    return _calendar_form(request, None, form, Outcome())


async def change_calendar(request: web.Request) -> web.Response:
    """Preview the next version of a calendar, or save it."""
    roles.check(request[AGENT], STEP)
    desk, now = request.config_dict[DESK], request.config_dict[DESK].clock()
    form = await _fields(request)
    known_id = request.match_info.get("id")
    calendar_id = known_id or form.get("id", "").strip()
    if known_id:
        await _latest_calendar(request, known_id)
    book, is_running = desk.office.sla, form.get("reach") == "running"

    async def save() -> None:
        draft = rule_forms.calendar_draft(calendar_id, form)
        async with desk.begin() as session:
            await sla.save_calendar(
                session, book, draft, agent=request[AGENT], to_running=is_running, now=now
            )

    def propose() -> Any:
        return sla.propose_calendar(book, rule_forms.calendar_draft(calendar_id, form))

    scope = sla.RUNNING if is_running else sla.PROVISIONAL
    outcome = await _outcome(request, form, propose, save, scope)
    if outcome is None:
        return see_other(f"{CONSOLE_PREFIX}/rules?saved={calendar_id}")
    return _calendar_form(request, known_id, form, outcome)


async def _outcome(
    request: web.Request,
    form: dict[str, str],
    propose: Callable[[], Any],
    save: Callable[[], Any],
    scope: str,
) -> Outcome | None:
    """Save what was previewed (None), else preview it, else say what is wrong with it."""
    desk, seen = request.config_dict[DESK], rule_forms.fingerprint(form)
    wants_save = form.get("do") == "save"
    try:
        if wants_save and form.get("seen") == seen:
            await save()
            return None
        version = propose()
        async with desk.read() as session:
            await sla.check_is_latest(session, version)
            found = await sla.preview(session, desk.office.sla, version, scope=scope, now=desk.clock())
    except (sla.RuleInvalid, sla.SlaRuleChanged) as error:
        return _refused(request, error)
    return Outcome(preview=found, version=version, seen=seen, must_look_again=wants_save)


def _refused(request: web.Request, error: HelpdeskError) -> Outcome:
    words, details = request.config_dict[WORDS], dict(error.details)
    is_stale = isinstance(error, sla.SlaRuleChanged)
    if "clock" in details:
        details["clock"] = words(f"clocks.{details['clock']}")
    if is_stale and details["agent_name"] == "shipped":
        details["agent_name"] = words("rules.shipped")
    key = f"rule_problems.{details['problem']}" if "problem" in details else f"errors.{error.code}"
    return Outcome(
        status=STATUS[error.code],
        problem=words(key, **details),
        field=str(details.get("field", "")),
        is_stale=is_stale,
    )


async def _fields(request: web.Request) -> dict[str, str]:
    posted = await request.post()
    return rule_forms.complete(
        {name: value.replace("\r\n", "\n") for name, value in posted.items() if isinstance(value, str)}
    )


async def _latest_policy(request: web.Request) -> Policy:
    """Return the latest version, also one that another process saved a moment ago."""
    book, policy_id = await _renewed(request), request.match_info["id"]
    versions = [one for one in book.policies if one.id == policy_id]
    if not versions:
        raise web.HTTPNotFound
    return max(versions, key=lambda one: one.version)


def calendar_name(desk: Desk, words: Words, calendar_id: str) -> str:
    """Return what a calendar is called: by whose it is, else by the id that somebody chose for it."""
    if calendar_id == MAIN_CALENDAR:
        return words("rules.main_calendar")
    centre = desk.office.routing.centres.get(calendar_id)
    return words("rules.centre_calendar", centre=centre.name) if centre else calendar_id


async def _latest_calendar(request: web.Request, calendar_id: str) -> Any:
    book = await _renewed(request)
    if calendar_id not in book.calendar_ids():
        raise web.HTTPNotFound
    return book.latest_calendar(calendar_id)


async def _renewed(request: web.Request) -> sla.SlaBook:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        await sla.renew_book(session, desk.office.sla)
    return desk.office.sla


def _policy_form(request: web.Request, policy: Policy, form: dict[str, str], outcome: Outcome) -> web.Response:
    desk = request.config_dict[DESK]
    response = render(
        request,
        "rule_policy.html",
        section="rules",
        policy=policy,
        form=form,
        clocks=rule_forms.clocks_for(policy.applies_to),
        units=rule_forms.UNITS,
        calendars=desk.office.sla.calendar_ids(),
        outcome=outcome,
    )
    response.set_status(outcome.status)
    return response


def _calendar_form(
    request: web.Request, calendar_id: str | None, form: dict[str, str], outcome: Outcome
) -> web.Response:
    years = sorted((n.removeprefix("holidays_") for n in form if n.startswith("holidays_")), reverse=True)
    response = render(
        request,
        "rule_calendar.html",
        section="rules",
        calendar_id=calendar_id,
        form=form,
        years=years,
        weekdays=rule_forms.WEEKDAYS,
        outcome=outcome,
    )
    response.set_status(outcome.status)
    return response

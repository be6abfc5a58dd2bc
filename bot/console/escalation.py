"""Pages: escalation chains, their versions, and the form for a new one.

A form is previewed before it can be saved: what is saved is what the preview was shown of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from multidict import MultiMapping

from bot.console import roles
from bot.console.inputs import id_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.pages import render
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.escalation import BREACHED, LAST_LEVEL, WARNED, By, ChainInvalid, Step, Tell, When
from bot.helpdesk.targets import Target, Unit
from bot.services import escalation, sla
from bot.services.escalation import ChainChangedMeanwhile
from bot.services.escalation.chains import APPLIES_TO, NOTE_MAX_CHARS
from bot.services.escalation.people import people_for_heads
from bot.services.staff import agents_named

log = structlog.get_logger()

PAGE = f"{CONSOLE_PREFIX}/escalation"
UNITS = (Unit.WORKING_MINUTES.value, Unit.WORKING_DAYS.value)
_NOT_CONTENT = frozenset({"csrf", "do", "seen"})


@dataclass(frozen=True)
class Previewed:
    """What saving would do, and the fingerprint of the form it was shown of.

    Attributes:
        must_look_again: The form was changed after the preview that came with it.
    """

    version: int
    climb: sla.Climb
    seen: str
    must_look_again: bool


def routes() -> list[web.RouteDef]:
    """Return the routes of this module."""
    return [
        web.get("/escalation", show, name="escalation"),
        web.get("/escalation/{applies_to}", edit, name="escalation_edit"),
        web.post("/escalation/{applies_to}", save, name="escalation_edit"),
    ]


async def show(request: web.Request) -> web.Response:
    """Show every chain with all its versions.

    Raises:
        Forbidden: For supervisors and administrators only.
    """
    roles.check(request[AGENT], "outgoing.read")
    async with request.config_dict[DESK].read() as session:
        chains = [(name, await escalation.chain_versions(session, name)) for name in APPLIES_TO]
        versions = [version for _, found in chains for version in found]
        ids = [v.created_by for v in versions] + [head for v in versions for head in v.chain.heads]
        names = await agents_named(session, *ids)
    return render(
        request, "escalation.html", section="outgoing", tab="escalation", chains=chains, names=names
    )


async def edit(request: web.Request) -> web.Response:
    """Show the form for a new version, filled with the one in force.

    Raises:
        Forbidden: For supervisors and administrators only.
        BadRequest: There is no such chain.
    """
    return await _form(request)


async def _form(
    request: web.Request,
    *,
    problem: str | None = None,
    given: dict[str, Any] | None = None,
    previewed: Previewed | None = None,
    status: int = 200,
) -> web.Response:
    roles.check(request[AGENT], "outgoing.manage")
    applies_to = _applies_to(request)
    async with request.config_dict[DESK].read() as session:
        versions = await escalation.chain_versions(session, applies_to)
        people = await people_for_heads(session)
    chain = versions[0].chain if versions else None
    shown = given or {
        "based_on": chain.version if chain else 0,
        "steps": {step.level: step for step in chain.steps} if chain else {},
        "heads": chain.heads if chain else (),
        "note": "",
    }
    response = render(
        request, "escalation_form.html", section="outgoing", tab="escalation", applies_to=applies_to,
        shown=shown, people=people, problem=problem, previewed=previewed, levels=range(WARNED, LAST_LEVEL + 1),
        breached=BREACHED, tells=list(Tell), ways=list(By), units=UNITS, note_max=NOTE_MAX_CHARS,
    )  # fmt: skip
    response.set_status(status)
    return response


def _applies_to(request: web.Request) -> str:
    applies_to = request.match_info["applies_to"]
    if applies_to not in APPLIES_TO:
        raise BadRequest(field="applies_to")
    return applies_to


async def save(request: web.Request) -> web.Response:
    """Preview a new version, or store what was previewed; breached clocks climb on by it.

    Raises:
        Forbidden: For supervisors and administrators only.
        BadRequest: What the form holds is none of what it offers.
    """
    roles.check(request[AGENT], "outgoing.manage")
    words, form = request.config_dict[WORDS], await request.post()
    given: dict[str, Any] = {
        "based_on": _based_on(form),
        "heads": [str(head) for head in form.getall("heads", [])],
        "note": str(form.get("note", "")),
        "steps": {},
    }
    seen, wants_save = _fingerprint(form), form.get("do") == "save"
    try:
        given["steps"] = _steps(form)
        if wants_save and form.get("seen") == seen:
            return await _store(request, given)
        version, climb = await _climb(request, given)
    except ChainInvalid as error:
        problem = words(f"outgoing.chain.{error.details['problem']}", **error.details)
        return await _form(request, problem=problem, given=given if given["steps"] else None, status=400)
    except ChainChangedMeanwhile:
        return await _form(request, problem=words("outgoing.chain.changed"), status=409)
    return await _form(request, given=given, previewed=Previewed(version, climb, seen, wants_save))


async def _climb(request: web.Request, given: Mapping[str, Any]) -> tuple[int, sla.Climb]:
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        chain = await escalation.propose_chain(
            session, _applies_to(request), list(given["steps"].values()),
            heads=given["heads"], note=given["note"], based_on=given["based_on"],
        )  # fmt: skip
        return chain.version, await sla.preview_chain(session, desk.office.sla, chain, now=desk.clock())


async def _store(request: web.Request, given: Mapping[str, Any]) -> web.Response:
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        chain = await escalation.save_chain(
            session, request[AGENT], _applies_to(request), list(given["steps"].values()),
            heads=given["heads"], note=given["note"], based_on=given["based_on"], now=desk.clock(),
        )  # fmt: skip
    log.info("escalation.saved", chain=chain.id, version=chain.version, agent_id=request[AGENT].id)
    await _wake(desk)
    return see_other(PAGE)


def _fingerprint(form: MultiMapping[Any]) -> str:
    """Return what tells whether the form was changed after its preview was shown."""
    content = sorted((name, str(value)) for name, value in form.items() if name not in _NOT_CONTENT)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


async def _wake(desk: Any) -> None:
    """Let the next sweep look at breached clocks; a start does it again, should this be cut off."""
    after: str | None = ""
    while after is not None:
        async with desk.begin() as session:
            after = await sla.wake_breached(session, after=after)


def _steps(form: MultiMapping[Any]) -> dict[int, Step]:
    """Read the levels of the form: the first two always, further ones as far as they are filled in."""
    steps: dict[int, Step] = {}
    for level in range(WARNED, LAST_LEVEL + 1):
        amount = str(form.get(f"after_{level}", "")).strip()
        if level > BREACHED and not amount:
            continue
        steps[level] = Step(
            level=level,
            when={WARNED: When.WARN, BREACHED: When.BREACH}.get(level, When.AFTER_BREACH),
            tell=_choices(form, f"tell_{level}", Tell),
            by=_choices(form, f"by_{level}", By),
            after=_target(form, level, amount) if level > BREACHED else None,
        )
    return steps


def _choices(form: MultiMapping[Any], field: str, kind: Any) -> tuple[Any, ...]:
    try:
        return tuple(kind(str(value)) for value in form.getall(field, []))
    except ValueError as error:
        raise BadRequest(field=field) from error


def _target(form: Mapping[str, Any], level: int, amount: str) -> Target:
    try:
        return Target(int(amount), Unit(str(form.get(f"unit_{level}", ""))))
    except ValueError as error:
        raise ChainInvalid(level=level, problem="amount") from error


def _based_on(form: Mapping[str, Any]) -> int:
    version = id_in(str(form.get("based_on", "")), "based_on")
    if version is None:
        raise BadRequest(field="based_on")
    return version

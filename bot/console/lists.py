"""Ticket lists as pages and over the staff API: filters, orders, search, saved views."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from yarl import URL

from bot.bootstrap import Desk
from bot.console import present, roles
from bot.console.inputs import choice_in, see_other
from bot.console.keys import AGENT, CONSOLE_PREFIX, DESK, WORDS
from bot.console.pages import render
from bot.console.tickets import queues_of
from bot.helpdesk.errors import BadRequest
from bot.helpdesk.identifiers import parse_ticket_number
from bot.helpdesk.life_cycle import Priority
from bot.helpdesk.permissions import Permission
from bot.helpdesk.ticket import FINISHED, OWN_FORM, TRANSITIONS, TicketKind, TicketStatus
from bot.helpdesk.ticket import RIGHTS as NAMED_RIGHTS
from bot.services import colleagues, desk_work, listing, macros, saved_views, search, staff
from bot.services.listing import DUE, SORTS, TicketFilter
from bot.services.listing.filters import NOBODY
from bot.store.tables import Agent

RIGHTS = (*NAMED_RIGHTS, "general")
CHANNELS = ("web", "wechat", "wecom", "telegram", "cli")
AGES = ("1", "3", "7", "30")
PRIORITIES = tuple(priority.value for priority in reversed(Priority))
#: What is finished has no index but that of its opening.
SORTS_OF_ALL = ("newest", "waiting")
PAGE_SIZE = 30
_QUERY_MAX_CHARS = 100
_CATCH_UP_BATCHES = 4
#: What a plain step, taken on many tickets at once, can lead to.
STEPS = frozenset().union(*TRANSITIONS.values()) - OWN_FORM
#: What a saved view keeps of an address.
_KEPT = ("queue", "kind", "status", "priority", "assignee", "due", "right", "channel", "age", "scope", "q")


@dataclass(frozen=True)
class Wish:
    """A list that was asked for.

    Attributes:
        params: The filters as they stand in the address, none of them empty.
        text: What to search for, empty if nothing.
    """

    params: Mapping[str, str]
    filter: TicketFilter
    sort: str
    text: str
    after: str | None

    @property
    def is_filtered(self) -> bool:
        """Tell whether anything narrows the list."""
        return bool(self.params)


def wish_of(query: Mapping[str, str], agent: Agent, queues: Collection[str]) -> Wish:
    """Return the list that an address asks for.

    Raises:
        BadRequest: A filter has a value that there is not.
    """
    text = query.get("q", "").strip()[:_QUERY_MAX_CHARS]
    status = choice_in(query, "status", {status.value for status in TicketStatus})
    scope = choice_in(query, "scope", ("open", "all"))
    # A finished status asked for by name, or a search, would otherwise show nothing of it.
    everything = scope == "all" or _is_finished(status) or (scope is None and bool(text))
    age = choice_in(query, "age", AGES)
    wanted = TicketFilter(
        queue=choice_in(query, "queue", queues),
        status=status,
        kind=choice_in(query, "kind", {kind.value for kind in TicketKind}),
        assignee_id=agent.id if query.get("assignee") == "me" else query.get("assignee") or None,
        due=choice_in(query, "due", DUE),
        priority=choice_in(query, "priority", PRIORITIES),
        right=choice_in(query, "right", RIGHTS),
        channel=choice_in(query, "channel", CHANNELS),
        older_than_days=int(age) if age else None,
        open_only=not everything,
    )
    params = {name: query[name] for name in _KEPT if query.get(name)}
    # What is searched for is what is shown and kept, not all that was typed.
    params = {name: value for name, value in (params | {"q": text}).items() if value}
    return Wish(params, wanted, _sort_of(query, everything), text, query.get("after") or None)


def _sort_of(query: Mapping[str, str], everything: bool) -> str:
    sort = choice_in(query, "sort", SORTS)
    if everything:
        return sort if sort in SORTS_OF_ALL else "newest"
    return sort or "waiting"


def _is_finished(status: str | None) -> bool:
    return status is not None and TicketStatus(status) in FINISHED


async def page_of(
    desk: Desk, session: AsyncSession, wish: Wish, *, limit: int = PAGE_SIZE, after: str | None = None
) -> listing.Page:
    """Return one page of the list.

    Raises:
        SearchTooShort: There is nothing to look for in the text.
    """
    also = [await search.condition(session, desk.signer, wish.text)] if wish.text else []
    return await listing.list_tickets(
        session, wish.filter, sort=wish.sort, also=also, after=after or wish.after, limit=limit,
        now=desk.clock(), zone=desk.office.calendar.zone,
    )  # fmt: skip


async def refresh_search(desk: Desk) -> None:
    """Read what changed since the worker last did, so that a ticket is found as soon as it is open."""
    after = None
    for _ in range(_CATCH_UP_BATCHES):
        async with desk.begin() as session:
            after = await search.catch_up(session, desk.forms, desk.signer, now=desk.clock(), after=after)
        if after is None:
            return


async def ticket_list(request: web.Request) -> web.StreamResponse:
    """Show a page of tickets; a ticket number typed into the search leads to its ticket."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    wish = wish_of(request.query, agent, queues_of(desk))
    problem, may_assign_others = None, roles.may(agent, "ticket.assign_other")
    if wish.text:
        if ticket_id := await _ticket_with_number(desk, wish.text):
            return see_other(f"{CONSOLE_PREFIX}/tickets/{ticket_id}")
        await refresh_search(desk)
    async with desk.read() as session:
        try:
            page = await page_of(desk, session, wish)
        except search.SearchTooShort as error:
            problem = request.config_dict[WORDS].for_error(error.code, {})
            page = listing.Page([], None)
        found = await search.excerpts(session, [card.id for card in page.items], wish.text) if wish.text else {}
        context = {
            "counts": await listing.queue_counts(session),
            "views": await saved_views.views_for(session, agent),
            "colleagues": await staff.colleagues_who_may(session, Permission.HANDLE_TICKETS),
            "assignable": await colleagues.for_tickets(session, desk.office, now=desk.clock()) if may_assign_others else [],
            "bulk_macros": [macro for macro in await macros.every(session, agent) if macro.is_active],
        }
    items = [
        {
            "ticket": card,
            "assignee_name": card.assignee_name,
            "clock": present.ticket_clock(card, desk.office.sla),
            "excerpt": found.get(card.id, []),
        }
        for card in page.items
    ]
    return render(request, "tickets.html", section="tickets", items=items, next=page.next, wish=wish,
                  problem=problem, may_assign_others=may_assign_others,
                  may_export=roles.may(agent, "list.export"), may_share=roles.may(agent, "view.share"),
                  choices=_choices(queues_of(desk)), **context)  # fmt: skip


def _choices(queues: Collection[str]) -> dict[str, list[str]]:
    return {
        "queue": list(queues), "kind": [kind.value for kind in TicketKind], "due": list(DUE), "right": list(RIGHTS),
        "status": [status.value for status in TicketStatus], "channel": list(CHANNELS), "age": list(AGES),
        "step": [status.value for status in TicketStatus if status in STEPS], "sort": list(SORTS), "priority": list(PRIORITIES), "nobody": [NOBODY],
    }  # fmt: skip


async def _ticket_with_number(desk: Desk, typed: str) -> str | None:
    if parse_ticket_number(typed) is None:
        return None
    async with desk.read() as session:
        return await desk_work.ticket_id_of(session, typed)


async def find_ticket(request: web.Request) -> web.StreamResponse:
    """Lead from a ticket number to the ticket's page.

    Raises:
        TicketNotFound: The number is mistyped, or no ticket has it.
    """
    number = request.match_info.get("number") or request.query.get("number", "")
    async with request.config_dict[DESK].read() as session:
        ticket_id = await desk_work.ticket_id_of(session, number)
    return see_other(f"{CONSOLE_PREFIX}/tickets/{ticket_id}")


async def list_page(request: web.Request) -> web.Response:
    """Return one page of tickets over the staff API; `next` is the cursor of the following one."""
    desk, words = request.config_dict[DESK], request.config_dict[WORDS]
    wish = wish_of(request.query, request[AGENT], queues_of(desk))
    async with desk.glance() as session:
        page = await page_of(desk, session, wish)
    items = [present.ticket_card(card, desk.office.sla, words) for card in page.items]
    return web.json_response({"items": items, "next": page.next})


# --- saved views ----------------------------------------------------------------------------


async def save_view(request: web.Request) -> web.Response:
    """Keep the list on the screen under a name, and show it again."""
    desk, agent, form = request.config_dict[DESK], request[AGENT], await request.post()
    address = URL(f"?{form.get('query', '')}").query
    wish = wish_of(address, agent, queues_of(desk))
    is_shared = form.get("is_shared") == "yes"
    if is_shared:
        roles.check(agent, "view.share")
    name = form.get("name")
    if not isinstance(name, str):
        raise BadRequest(field="name")
    async with desk.begin() as session:
        await saved_views.save_view(
            session, agent, name=name, filters=wish.params, sort=wish.sort, is_shared=is_shared, now=desk.clock()
        )
    return see_other(_address(wish.params, wish.sort))


async def remove_view(request: web.Request) -> web.Response:
    """Forget a view."""
    desk, agent = request.config_dict[DESK], request[AGENT]
    may = roles.may(agent, "view.share")
    async with desk.begin() as session:
        await saved_views.remove_view(session, agent, request.match_info["id"], may_remove_shared=may)
    return see_other(f"{CONSOLE_PREFIX}/tickets")


def _address(params: Mapping[str, str], sort: str) -> str:
    return str(URL(f"{CONSOLE_PREFIX}/tickets").with_query({**params, "sort": sort}))


def routes() -> list[web.RouteDef]:
    """Return the pages' routes."""
    return [
        web.get("/tickets", ticket_list, name="tickets"),
        web.get("/tickets/find", find_ticket, name="ticket_find"),
        web.get("/tickets/number/{number}", find_ticket, name="ticket_by_number"),
        web.post("/views", save_view, name="views"),
        web.post("/views/{id}/remove", remove_view, name="view_remove"),
    ]


def api_routes() -> list[web.RouteDef]:
    """Return the staff API's routes."""
    return [web.get("/tickets", list_page)]


def view_address(view: Any) -> str:
    """Return the address of a saved view, for templates."""
    return _address(view.filters, view.sort)

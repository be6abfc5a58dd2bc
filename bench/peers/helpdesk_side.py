"""Runs in django-helpdesk's own environment: does what the bench asks for on one installation.

Commands come as lines of JSON on standard input, answers go out the same way.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

TEXT = "An online shop sells cups under our registered trade mark without a licence. " * 5


def set_up() -> dict[str, Any]:
    """Make tables, a queue that escalates, and an administrator; give the cookie of their session."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from helpdesk.models import Queue

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create(
        username="admin", email="admin@bench.invalid", is_staff=True, is_superuser=True,
        password=make_password("secret"),
    )  # fmt: skip
    queue = Queue.objects.create(
        title="Trade marks", slug="tm", allow_public_submission=True, escalate_days=14,
        email_address="tm@bench.invalid",
    )  # fmt: skip
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.create()
    return {"session": store.session_key, "queue": queue.pk}


def open_tickets(*, clients: int, each: int) -> dict[str, Any]:
    """Let so many processes send the public form so many times each, one transaction a ticket."""
    from django.db import connections

    connections.close_all()
    context = get_context("fork")
    start, done = context.Barrier(clients + 1), context.Barrier(clients + 1)
    used = context.Value("d", 0.0)
    children = [context.Process(target=_client, args=(number, each, start, done, used)) for number in range(clients)]
    for child in children:
        child.start()
    start.wait(60)
    began = time.perf_counter()
    done.wait(600)
    seconds = time.perf_counter() - began
    for child in children:
        child.join()
    return {"seconds": seconds, "count": clients * each, "cpu": used.value}


def _client(number: int, each: int, start: Any, done: Any, used: Any) -> None:
    from django.db import transaction
    from helpdesk.forms import PublicTicketForm
    from helpdesk.models import Queue

    queue = Queue.objects.get(slug="tm")
    start.wait(60)
    began = time.process_time()
    for step in range(each):
        values = {
            "queue": str(queue.pk), "title": f"Complaint {number}-{step}", "body": TEXT, "priority": "3",
            "submitter_email": f"citizen{number}@bench.invalid",
        }  # fmt: skip
        with transaction.atomic():
            form = PublicTicketForm(data=values)
            assert form.is_valid(), form.errors
            form.save(user=None)
    with used.get_lock():
        used.value += time.process_time() - began
    done.wait(600)


def load(*, tickets: int, still_open: int) -> dict[str, Any]:
    """Fill it with tickets and their first follow-up, the newest of them open."""
    from django.db import connection
    from django.utils import timezone
    from helpdesk.models import FollowUp, Queue, Ticket

    queue, now = Queue.objects.get(slug="tm"), timezone.now()
    for begin in range(0, tickets, 5000):
        made = Ticket.objects.bulk_create(
            Ticket(
                title=f"Complaint {at}", queue=queue, created=now - timedelta(days=10), modified=now, priority=3,
                status=Ticket.OPEN_STATUS if at >= tickets - still_open else Ticket.CLOSED_STATUS,
                description=TEXT, submitter_email=f"citizen{at % 997}@bench.invalid",
            )
            for at in range(begin, min(begin + 5000, tickets))
        )  # fmt: skip
        FollowUp.objects.bulk_create(
            FollowUp(ticket=ticket, date=ticket.created, title="Ticket Opened Via Web", public=True) for ticket in made
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"count": tickets}


def first_page(*, times: int, size: int) -> dict[str, Any]:
    """Read the first page of what is open, as its staff list does, without HTTP."""
    from django.contrib.auth import get_user_model
    from helpdesk.query import get_query_class
    from helpdesk.user import HelpdeskUser

    user = HelpdeskUser(get_user_model().objects.get(username="admin"))
    took = []
    for _ in range(times):
        began = time.perf_counter()
        query = get_query_class()(user, query_params=open_first())
        page = query.get_datatables_context(draw=["1"], length=[str(size)], start=["0"])
        took.append(time.perf_counter() - began)
        assert len(page["data"]) == size, len(page["data"])
    return {"took": took}


def open_first() -> dict[str, Any]:
    """Return the filter of the staff list for what is open, oldest first."""
    return {"filtering": {"status__in": [1]}, "sorting": "created", "search_string": "", "sortreverse": False}


def list_address(*, size: int) -> dict[str, Any]:
    """Return the address from which the staff list gets its lines."""
    from helpdesk.query import query_to_base64

    return {"path": f"/datatables_ticket_list/{query_to_base64(open_first())}?draw=1&start=0&length={size}"}


def make_due(*, due: int) -> dict[str, Any]:
    """Let so many open tickets be three weeks old."""
    from django.utils import timezone
    from helpdesk.models import Ticket

    chosen = list(Ticket.objects.filter(status=1, priority=3, last_escalation=None).order_by("id").values_list("id", flat=True)[:due])
    for begin in range(0, len(chosen), 500):
        Ticket.objects.filter(id__in=chosen[begin : begin + 500]).update(created=timezone.now() - timedelta(days=21))
    return {}


def sweep() -> dict[str, Any]:
    """Run its `escalate_tickets`, in one transaction as it runs fastest."""
    from django.core.management import call_command
    from django.db import transaction
    from helpdesk.models import Ticket

    before = Ticket.objects.filter(last_escalation__isnull=False).count()
    began = time.perf_counter()
    with transaction.atomic():
        call_command("escalate_tickets")
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "count": Ticket.objects.filter(last_escalation__isnull=False).count() - before}


COMMANDS = {
    "set_up": set_up, "open": open_tickets, "load": load, "first_page": first_page,
    "list_address": list_address, "make_due": make_due, "sweep": sweep,
}  # fmt: skip


def main() -> None:
    """Serve commands until standard input ends."""
    sys.path.insert(0, str(Path(__file__).parent))
    os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk_site"
    import django

    django.setup()
    for line in sys.stdin:
        call = json.loads(line)
        answer = COMMANDS[call.pop("do")](**call)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

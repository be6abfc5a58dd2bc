"""The desk's action endpoint as far as a dialogue needs it, in memory.

It reads the real forms, takes any answer but an obviously wrong phone number or choice, and opens
tickets unless it is told that the store is down. The real checks are tested in tests/actions.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

Json = dict[str, Any]
Answer = tuple[list[Json], list[Json]]  # events, responses


def slot(name: str, value: object) -> Json:
    """Build the event that sets a slot."""
    return {"event": "slot", "name": name, "value": value, "timestamp": None}


class FakeDesk:
    """Runs in a thread of its own; `url` is what the engine calls.

    Attributes:
        store_is_down: Tickets cannot be stored.
        fails: Every action ends with HTTP 500.
        calls: Names of the actions that were called.
        bodies: What the engine sent with each call.
        drafts: Saved forms by number: id of the form, slots.
    """

    def __init__(self, forms: Path) -> None:
        self.forms = {form["id"]: form for form in map(_read, sorted(forms.glob("*.yml")))}
        self.store_is_down = self.fails = False
        self.calls: list[str] = []
        self.bodies: list[Json] = []
        self.tickets: dict[str, str] = {}
        self.drafts: dict[str, tuple[str, dict[str, str]]] = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def reset(self) -> None:
        """Forget calls and tickets, and work again."""
        self.store_is_down = self.fails = False
        self.calls.clear()
        self.bodies.clear()
        self.tickets.clear()
        self.drafts.clear()

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=10**7)
        app.router.add_post("/actions", self._handle)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/actions"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = body["next_action"]
        self.calls.append(name)
        self.bodies.append(body)
        if self.fails:
            return web.json_response({"error": "down"}, status=500)
        events, responses = self._action(name)(name, body["tracker"])
        return web.json_response({"events": events, "responses": responses})

    def _action(self, name: str) -> Callable[[str, Json], Answer]:
        if name.startswith("validate_"):
            return self._validate
        if name.startswith("action_ask_"):
            return self._ask_confirm
        if name in ("action_open_complaint", "action_open_assistance"):
            return self._open
        own = {
            "action_cancel_form": self._cancel,
            "action_correct_field": self._correct,
            "action_use_tool": self._use_tool,
            "action_save_draft": self._save_draft,
            "action_resume_draft": self._resume_draft,
        }
        return own.get(name, self._say)

    def _validate(self, name: str, tracker: Json) -> Answer:
        form = self.forms[name.removeprefix("validate_").removesuffix("_form")]
        slots, events, responses = dict(tracker["slots"]), [], []
        for event in _latest_answers(tracker["events"]):
            field = next((f for f in form["fields"] if f"{form['id']}_{f['name']}" == event["name"]), None)
            if field is None:
                continue
            value = _checked(field, event["value"])
            if value is None and event["value"] is not None:
                responses.append({"text": f"不对：{field['label']}"})
            slots[event["name"]] = value
            events.append(slot(event["name"], value))
        return [*events, slot("requested_slot", _next_slot(form, slots))], responses

    def _ask_confirm(self, name: str, tracker: Json) -> Answer:
        return [], [{"text": f"请核对（{name}）", "buttons": [{"title": "确认提交", "payload": "确认提交"}]}]

    def _open(self, name: str, tracker: Json) -> Answer:
        form = self.forms[name.removeprefix("action_open_")]
        confirm = slot(f"{form['id']}_confirm", None)
        if self.store_is_down:
            return [slot("ticket_outcome", "store_unavailable"), confirm], []
        outcome = "already_open" if tracker["sender_id"] in self.tickets else "opened"
        number = self.tickets.setdefault(tracker["sender_id"], "WQ-000001-5")
        empty = [slot(f"{form['id']}_{field['name']}", None) for field in form["fields"]]
        told = [slot("ticket_number", number), slot("ticket_code", "ABCD-1234")]
        return [slot("ticket_outcome", outcome), *told, confirm, *empty], []

    def _cancel(self, name: str, tracker: Json) -> Answer:
        prefix = tracker["active_loop"]["name"].removesuffix("_form") + "_"
        return [slot(s, None) for s in tracker["slots"] if s.startswith(prefix)], []

    def _save_draft(self, name: str, tracker: Json) -> Answer:
        events, _ = self._cancel(name, tracker)
        return events, [{"text": "已保存"}]

    def _resume_draft(self, name: str, tracker: Json) -> Answer:
        found = re.search(r"CG\d{13}", tracker["latest_message"]["metadata"]["written"])
        form, answers = self.drafts.get(found[0] if found else "", ("refused", {}))
        told = [slot("draft_outcome", form), *(slot(name, value) for name, value in answers.items())]
        return told, [{"text": "取回"}]

    def _correct(self, name: str, tracker: Json) -> Answer:
        form = self.forms[tracker["active_loop"]["name"].removesuffix("_form")]
        text = tracker["latest_message"]["text"]
        for field in form["fields"]:
            if any(alias in text for alias in [field["label"], *field["aliases"]]):
                new = re.search(r"\d{5,}", text)
                return [slot(f"{form['id']}_{field['name']}", new and new.group())], [{"text": "已改"}]
        return [], [{"text": "您想改哪一项？"}]

    def _use_tool(self, name: str, tracker: Json) -> Answer:
        """Ask for a day until the button or the answer carries one."""
        told = {entity["entity"]: entity["value"] for entity in tracker["latest_message"]["entities"]}
        given = str(told.get("given") or "")
        is_done = "from=" in given
        asks = {"field": "from", "kind": "date", "answers": []}
        state = None if is_done else {"tool": told["tool"], "given": given, "asks": asks}
        text = f"截止日 {given}" if is_done else "哪一天？"
        return [slot("tool_state", state)], [{"text": text, "custom": {"tool": told["tool"], "given": given}}]

    def _say(self, name: str, tracker: Json) -> Answer:
        return [], [{"text": name, "custom": {"outcome": "clarify" if name == "action_clarify" else name}}]


def _read(path: Path) -> Json:
    form: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    return form


def _latest_answers(events: list[Json]) -> list[Json]:
    """Return the slots set since the last action, as `Tracker.slots_to_validate` of the SDK does."""
    answers: list[Json] = []
    for event in reversed(events):
        if event["event"] != "slot":
            break
        answers.insert(0, event)
    return answers


def _checked(field: Mapping[str, Any], text: str | None) -> str | None:
    if field["type"] == "phone" and text and not re.fullmatch(r"\d{11}", text):
        return None
    if field["type"] == "choice" and not field.get("multiple"):
        names = {n: c["value"] for c in field["choices"] for n in (c["value"], c["title"], *c.get("aliases", []))}
        return names.get(text or "")
    return text


def _holds(condition: Json, form: Json, slots: Json, due: set[str]) -> bool:
    name = condition["field"]
    value = slots.get(f"{form['id']}_{name}") if name in due else None
    return value in condition["in"] if "in" in condition else value not in condition["not_in"]


def _next_slot(form: Json, slots: Json) -> str | None:
    due: set[str] = set()
    for field in form["fields"]:
        conditions = field.get("only_if") or []
        conditions = conditions if isinstance(conditions, list) else [conditions]
        if not all(_holds(condition, form, slots, due) for condition in conditions):
            continue
        due.add(field["name"])
        if slots.get(f"{form['id']}_{field['name']}") is None:
            return f"{form['id']}_{field['name']}"
    confirm = f"{form['id']}_confirm"
    return None if slots.get(confirm) == "yes" else confirm

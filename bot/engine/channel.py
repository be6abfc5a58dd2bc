"""The engine's only door: the desk sends one message with its dialogue state, and gets both back.

    POST /webhooks/desk/turn     Authorization: Bearer <token>
    {"conversation": "web:…", "message_id": "…", "text": "…", "state": null | {…}, "metadata": {…},
     "action_port": 12331}   (left out where one desk process answers all actions)
    → 200 {"messages": [{"text", "buttons", "custom"}], "state": {…}, "nlu": {…},
           "active_form": "complaint" | null, "requested_slot": "complaint_phone" | null, "slots": {…}}

    400 bad_request, bad_state   the request is not usable; repeating it will not help
    401 unauthorised             no or another token
    502 action_failed            a desk action failed; the turn left nothing behind and may be repeated
    503 not_ready                no model is loaded

    GET /webhooks/desk/health    200 {"status": "ok", "model": "…"} once a model is loaded, else 503

The desk handles the messages of one conversation one at a time; different conversations may come at
once, each request working on its own tracker (see `turn.py`).
"""

from __future__ import annotations

import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional, Text

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from sanic import Blueprint
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.engine import settled
from bot.engine import state as dialogue_state
from bot.engine.nlu.follow_up import PREVIOUS, is_follow_up
from bot.engine.nlu.text import normalise
from bot.engine.nlu.tool_gate import USE_TOOL
from bot.engine.nlu_report import FAQ, nlu_report
from bot.engine.turn import CURRENT_TURN, Turn, TurnAborted

logger = logging.getLogger(__name__)

FORM_SUFFIX = "_form"
TOOL_STATE = "tool_state"


class BadRequest(RasaException):
    """The request lacks a field or has one of the wrong type; the message names it."""


class MissingToken(RasaException):
    """Set RIGHTSDESK_ENGINE_TOKEN (see credentials.yml): the engine does not answer strangers."""


class DeskOutput(OutputChannel):
    """Collects what the bot says; one response becomes one message."""

    def __init__(self) -> None:
        self.messages: List[Dict[Text, Any]] = []

    @classmethod
    def name(cls) -> Text:
        """Name by which responses can be written for this channel."""
        return "desk"

    async def send_response(self, recipient_id: Text, message: Dict[Text, Any]) -> None:
        """Keep text, buttons and custom data together; Rasa's default sends them one by one."""
        said = {
            "text": message.get("text"),
            "buttons": message.get("buttons") or [],
            "custom": message.get("custom") or None,
        }
        # No rule fitting, Rasa runs the fallback action up to ten times: once is enough to hear.
        if said not in self.messages[-1:]:
            self.messages.append(said)


class DeskInput(InputChannel):
    """The HTTP endpoint described at the top of this module."""

    def __init__(self, token: Text) -> None:
        """Create the channel.

        Raises:
            MissingToken: `token` is empty.
        """
        if not token:
            raise MissingToken("RIGHTSDESK_ENGINE_TOKEN is empty")
        self._expected = f"Bearer {token}".encode()

    @classmethod
    def name(cls) -> Text:
        """Name of the channel, and of its folder under /webhooks."""
        return "desk"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> DeskInput:
        """Create the channel from its section in credentials.yml."""
        return cls(str((credentials or {}).get("token") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Define the routes (see the module's docstring)."""
        routes = Blueprint("rightsdesk_desk")

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            agent = _agent(request)
            if agent is None:
                return json({"error": "not_ready"}, status=503)
            return json({"status": "ok", "model": agent.processor.model_filename})

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not self._is_authorised(request):
                return json({"error": "unauthorised"}, status=401)
            agent = _agent(request)
            if agent is None:
                return json({"error": "not_ready"}, status=503)
            return await _respond(agent, request, on_new_message)

        return routes

    def _is_authorised(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), self._expected)


async def _respond(agent: Agent, request: Request, handle: Callable[[UserMessage], Awaitable[Any]]) -> HTTPResponse:
    try:
        return json(await _run_turn(agent, _checked(request), handle))
    except dialogue_state.BadState as error:
        return json({"error": "bad_state", "detail": str(error)}, status=400)
    except BadRequest as error:
        return json({"error": "bad_request", "detail": str(error)}, status=400)
    except TurnAborted as error:
        logger.error("turn.aborted action=%s reason=%s", error.action, error.reason)
        return json({"error": "action_failed", "action": error.action}, status=502)


async def _run_turn(
    agent: Agent, body: Dict[Text, Any], handle: Callable[[UserMessage], Awaitable[Any]]
) -> Dict[Text, Any]:
    domain = agent.domain
    tracker = dialogue_state.restore(body["conversation"], body["state"], domain)
    settled.absorb(tracker, body["metadata"].pop(settled.KEY, None), domain)
    turn = Turn(tracker, body["action_port"])
    token = CURRENT_TURN.set(turn)
    output = DeskOutput()
    try:
        await handle(
            UserMessage(
                body["text"],
                output,
                sender_id=body["conversation"],
                input_channel=DeskInput.name(),
                message_id=body["message_id"],
                # The form's question goes along, so that the NLU can tell an answer from a digression.
                # Normalising changes the message's text; `written` is what the citizen wrote.
                metadata={
                    **body["metadata"],
                    **_form_state(tracker),
                    **_tool_state(tracker),
                    **_previous_question(tracker),
                    "written": body["text"],
                },
            )
        )
    finally:
        CURRENT_TURN.reset(token)
    _drop_tool_question(turn.tracker)
    return {
        "messages": output.messages,
        "state": dialogue_state.compact(turn.tracker, domain),
        "nlu": nlu_report(turn.tracker.latest_message.parse_data),
        **_form_state(turn.tracker),
        "slots": dialogue_state.filled_slots(turn.tracker, domain),
    }


def _form_state(tracker: DialogueStateTracker) -> Dict[Text, Optional[Text]]:
    """Return the active form by its id in knowledge_base/forms, and the slot it asks for."""
    loop = tracker.active_loop_name
    form = loop[: -len(FORM_SUFFIX)] if loop and loop.endswith(FORM_SUFFIX) else loop
    return {"active_form": form, "requested_slot": tracker.get_slot(REQUESTED_SLOT) if form else None}


def _tool_state(tracker: DialogueStateTracker) -> Dict[Text, Any]:
    """Return what a tool asked last, for the ToolGate; nothing if none did."""
    asked = tracker.slots[TOOL_STATE].value if TOOL_STATE in tracker.slots else None
    return {TOOL_STATE: asked} if asked else {}


def _previous_question(tracker: DialogueStateTracker) -> Dict[Text, Text]:
    """Return the last question that an article answered, in the citizen's words; a follow-up is passed over."""
    asked = (event for event in reversed(tracker.events) if isinstance(event, UserUttered))
    questions = (event.text for event in asked if event.intent_name == FAQ and event.text)
    found = next((text for text in questions if not is_follow_up(normalise(text))), None)
    return {PREVIOUS: found} if found else {}


def _drop_tool_question(tracker: DialogueStateTracker) -> None:
    """Forget what a tool asked once the citizen has said something else."""
    if _tool_state(tracker) and tracker.latest_message.intent.get("name") != USE_TOOL:
        tracker.update(SlotSet(TOOL_STATE, None))


def _checked(request: Request) -> Dict[Text, Any]:
    try:
        body = request.json
    except InvalidUsage as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    for name in ("conversation", "message_id", "text"):
        if not isinstance(body.get(name), str) or not body[name].strip():
            raise BadRequest(f"{name} must be a non-empty string")
    metadata = body.get("metadata")
    if not isinstance(metadata, (dict, type(None))):
        raise BadRequest("metadata must be an object")
    port = body.get("action_port")
    if not isinstance(port, (int, type(None))):
        raise BadRequest("action_port must be a number")
    return {**body, "state": body.get("state"), "metadata": metadata or {}, "action_port": port}


def _agent(request: Request) -> Optional[Agent]:
    agent = getattr(request.app.ctx, "agent", None)
    return agent if agent is not None and agent.is_ready() else None

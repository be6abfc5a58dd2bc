"""The way from the engine to the desk's actions, and what is changed about Rasa's own way.

1. One HTTP connection is kept open. Rasa opens a new client session for every call.
2. A failed call ends the turn (`TurnAborted`). Rasa logs the failure and talks on as if the action
   had run; the desk would then store a reply that promises what did not happen.
3. An answer is checked by a validator compiled once. Rasa calls `jsonschema.validate`, which checks
   *the schema itself* on each call and then tries 23 event schemas in turn: 15 ms. Here each event is
   checked against the schema of its own type; what is accepted is the same
   (tests/dialogue/test_components.py compares the two).

All three are one subclass of Rasa's endpoint, put in place by `bot/engine/__main__.py`. Rasa would check
the answer once more, and offers no way to say it need not: `trust_checked_answers` replaces that one
method, for answers that came through this endpoint only.

The domain is not sent with the calls: `enable_selective_domain` in endpoints.yml, an option of Rasa's.
"""

from __future__ import annotations

import asyncio
from typing import Any, Dict, Optional, Text

import aiohttp
from jsonschema import Draft202012Validator, ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.shared.utils.schemas import events as event_schemas
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from yarl import URL

from bot.engine.turn import CURRENT_TURN, TurnAborted

TIMEOUT_SECONDS = 10.0

# What the SDK answers when an action refuses to run. Rasa makes an event of it; it is not a failure.
HTTP_REJECTED = 400


class DeskActionEndpoint(EndpointConfig):
    """Calls the desk's action endpoint over one kept connection; a failure ends the turn."""

    _session: Optional[aiohttp.ClientSession] = None

    def __init__(self, url: Optional[Text] = None, **settings: Any) -> None:
        """Create an endpoint; `settings` as in Rasa's `EndpointConfig`."""
        super().__init__(url, **settings)
        self._validator = ActionAnswerValidator()

    @classmethod
    def from_config(cls, config: EndpointConfig) -> DeskActionEndpoint:
        """Take over the settings of an endpoint read from endpoints.yml."""
        return cls(config.url, headers=config.headers, **config.kwargs)

    async def request(self, method: Text = "post", **kwargs: Any) -> Any:
        """Run one action and return its checked answer.

        Raises:
            ClientResponseError: The action refused to run (HTTP 400), for Rasa to handle.
            TurnAborted: The desk did not answer, or not with a valid result.
        """
        body: Dict[Text, Any] = kwargs["json"]
        action = body.get("next_action", "?")
        try:
            return await self._call(method, body)
        except ClientResponseError as error:
            if error.status == HTTP_REJECTED:
                raise
            raise TurnAborted(action, f"status {error.status}") from error
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, ValidationError) as error:
            raise TurnAborted(action, type(error).__name__) from error

    async def close(self) -> None:
        """Close the connection; called when the server stops."""
        if self._session is not None:
            await self._session.close()

    async def _call(self, method: Text, body: Dict[Text, Any]) -> Any:
        async with self._open_session().request(method, self._address(), json=body, headers=self.headers) as response:
            if response.status >= HTTP_REJECTED:
                raise ClientResponseError(response.status, response.reason, await response.read())
            answer = await response.json()
        self._validator.validate(answer)
        return answer

    def _address(self) -> URL:
        """Return where the desk process answers whose turn this is: it knows then if one of its actions failed."""
        turn = CURRENT_TURN.get()
        url = URL(self.url)
        return url.with_port(turn.action_port) if turn and turn.action_port else url

    def _open_session(self) -> aiohttp.ClientSession:
        # Made on first use: it belongs to the event loop of the server, which does not run earlier.
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        return self._session


class ActionAnswerValidator:
    """Checks an action's answer against Rasa's own schema, compiled once."""

    def __init__(self) -> None:
        every_event = event_schemas.EVENT_SCHEMA
        common = {name: part for name, part in every_event.items() if name != "oneOf"}
        self._by_type = {
            schema["properties"]["event"]["const"]: Draft202012Validator({"allOf": [common, schema]})
            for schema in every_event["oneOf"]
        }
        outer = RemoteAction.action_response_format_spec()
        outer["properties"]["events"] = {"type": "array", "items": {"type": "object", "required": ["event"]}}
        self._outer = Draft202012Validator(outer)

    def validate(self, answer: Any) -> None:
        """Check an answer.

        Raises:
            ValidationError: It breaks the schema.
        """
        _raise_first(self._outer, answer)
        for event in answer.get("events", []):
            validator = self._by_type.get(event["event"])
            if validator is None:
                raise ValidationError(f"unknown type of event: {event['event']}")
            _raise_first(validator, event)


def trust_checked_answers() -> None:
    """Let Rasa accept, without a second check, what `DeskActionEndpoint` has checked; call once, at start."""
    check_again = RemoteAction._validate_action_result

    def validate(action: RemoteAction, answer: Dict[Text, Any]) -> bool:
        return isinstance(action.action_endpoint, DeskActionEndpoint) or check_again(action, answer)

    RemoteAction._validate_action_result = validate


def _raise_first(validator: Draft202012Validator, instance: Any) -> None:
    for error in validator.iter_errors(instance):
        raise error

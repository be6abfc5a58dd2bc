"""What the README claims about settings and commands is what the code has."""

import re

from bot.cli import app
from bot.console.access import RULES
from bot.console.keys import STAFF_API
from bot.helpdesk.ticket import OWN_FORM, TRANSITIONS
from bot.senders.webhook import signature
from bot.services.outgoing.happenings import EVENTS, PING
from bot.settings import PROJECT_ROOT, Secrets, Settings

README = (PROJECT_ROOT / "README.md").read_text("utf-8")


def test_the_settings_table_lists_every_setting() -> None:
    listed = set(re.findall(r"^\| `RIGHTSDESK_([A-Z_]+)` ", README, re.MULTILINE))
    wanted = {name.upper() for name in Settings.model_fields} - {"ROOT"}
    assert listed == wanted
    assert {name.upper() for name in Secrets.model_fields} <= listed


def test_every_command_stands_in_the_readme() -> None:
    names = {c.name or c.callback.__name__ for c in app.registered_commands if not c.hidden}
    names |= {group.name for group in app.registered_groups}
    missing = [name for name in names if not re.search(rf"`[^`\n]*\b{name}\b", README)]
    assert missing == []


def test_the_staff_interface_names_every_status_and_how_to_reach_it() -> None:
    text = (PROJECT_ROOT / "docs" / "STAFF_API.md").read_text("utf-8")
    ways = dict(re.findall(r"^\| `([a-z]+)` \| (`.*?) \|", text, re.MULTILINE))
    assert {f"POST {STAFF_API}/tickets/{{id}}/{route}" for route in ways} <= set(RULES)
    plain = set(re.findall(r"`([a-z_]+)`", ways.pop("transitions")))
    assert plain == frozenset().union(*TRANSITIONS.values()) - OWN_FORM
    assert {re.search(r"`([a-z_]+)`", leads_to).group(1) for leads_to in ways.values()} == OWN_FORM


def test_every_webhook_event_is_described_and_the_example_verifies_a_real_signature(monkeypatch) -> None:
    text = (PROJECT_ROOT / "docs" / "WEBHOOKS.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z.]+)` \|", text, re.MULTILINE)) == {*EVENTS, PING}
    example: dict[str, object] = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1), example)
    monkeypatch.setattr("time.time", lambda: 1795140100.0)
    headers = {
        "X-RightsDesk-Timestamp": "1795140000",
        "X-RightsDesk-Signature": f"v1={signature('whsec_x', '1795140000', b'{}')}",
    }
    assert example["is_genuine"]("whsec_x", headers, b"{}")
    assert not example["is_genuine"]("whsec_y", headers, b"{}")

"""Pure parts: the time bar, instants, words, roles."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

import bot.console
from bot.console import roles
from bot.console.moments import moment, near
from bot.console.timebar import time_bar
from bot.console.words import Words
from bot.helpdesk.conversation import Owner
from bot.helpdesk.errors import Forbidden
from bot.helpdesk.permissions import Role
from bot.helpdesk.sla import CLOCKS, Step
from bot.helpdesk.ticket import TicketKind, TicketStatus
from bot.store.tables import Agent
from bot.texts import Texts

HERE = Path(bot.console.__file__).parent
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def words():
    return Words.load(Texts.load())


# --- the time bar ---------------------------------------------------------------------------


def bar(*steps, due=MONDAY + 5 * DAY, now=MONDAY + DAY, running=True):
    return time_bar(steps, started_at=MONDAY, due_at=due, now=now, running=running)


def test_stretches_are_drawn_in_proportion():
    drawn = bar(Step("counted", MONDAY, MONDAY + DAY), Step("weekend", MONDAY + DAY, MONDAY + 3 * DAY))
    parts = {part.kind: part for part in drawn.parts}
    assert parts["weekend"].width == pytest.approx(2 * parts["counted"].width, rel=0.01)
    assert parts["weekend"].x == pytest.approx(parts["counted"].width, rel=0.01)


def test_a_late_clock_is_drawn_up_to_now():
    drawn = bar(now=MONDAY + 10 * DAY)
    assert drawn.to_at == MONDAY + 10 * DAY
    assert drawn.due_x == pytest.approx(49, abs=1)
    assert drawn.now_x == pytest.approx(98, abs=1)


def test_a_stopped_clock_has_no_now():
    assert bar(running=False).now_x is None


def test_an_open_pause_lasts_until_now():
    (part,) = bar(Step("pause", MONDAY, None), now=MONDAY + 5 * DAY).parts
    assert part.width == pytest.approx(98, abs=1)


def test_pauses_lie_on_top():
    drawn = bar(Step("pause", MONDAY, MONDAY + DAY), Step("counted", MONDAY, MONDAY + 2 * DAY))
    assert [part.kind for part in drawn.parts] == ["counted", "pause"]


def test_the_time_from_the_due_date_to_a_late_end_is_drawn():
    drawn = time_bar(
        [], started_at=MONDAY, due_at=MONDAY + 5 * DAY, now=MONDAY + 9 * DAY, running=False,
        warn_at=MONDAY + 4 * DAY, stopped_at=MONDAY + 7 * DAY,
    )  # fmt: skip
    assert drawn.to_at == MONDAY + 7 * DAY
    assert drawn.kinds == {"late": 1}
    assert drawn.parts[0].x == drawn.due_x > drawn.warn_x


def test_a_clock_that_stands_still_is_not_late():
    drawn = bar(Step("pause", MONDAY + DAY, None), now=MONDAY + 9 * DAY)
    assert "late" not in drawn.kinds


def test_an_assumed_year_is_a_strip_over_what_is_counted():
    drawn = bar(Step("counted", MONDAY, MONDAY + 5 * DAY), Step("assumed_year", MONDAY, MONDAY + 5 * DAY), Step("special_hours", MONDAY, MONDAY + HOUR))
    assert [part.kind for part in drawn.parts] == ["counted", "special_hours", "assumed_year"]
    assert drawn.parts[2].height < drawn.parts[0].height


@pytest.mark.parametrize("length", [timedelta(0), HOUR, DAY, 7 * DAY, 80 * DAY, 400 * DAY])
def test_there_are_never_too_many_ticks_and_all_lie_on_the_bar(length):
    drawn = bar(due=MONDAY + length, now=MONDAY)
    assert 1 <= len(drawn.ticks) <= 11
    assert all(0 <= tick.x <= 100 for tick in drawn.ticks)


# --- words ----------------------------------------------------------------------------------


def test_instants_are_shown_in_chinese_time():
    assert moment(datetime(2026, 12, 31, 16, 30, tzinfo=UTC)) == "2027-01-01 00:30"
    assert near(MONDAY, MONDAY) == "11-16 09:00"
    assert near(MONDAY + 60 * DAY, MONDAY) == "2027-01-15 09:00"


def test_every_word_that_the_scripts_use_is_there():
    tree = yaml.safe_load((HERE / "words.yml").read_text("utf-8"))["script"]
    for script in (HERE / "static").glob("*.js"):
        for key in re.findall(r'word\("([a-z_.]+)"', script.read_text("utf-8")):
            node = tree
            for part in key.split("."):
                assert part in node, f"{script.name}: {key}"
                node = node[part]


def test_states_kinds_and_clocks_that_can_occur_have_words(words):
    keys = [f"states.{status}" for status in TicketStatus] + [f"kinds.{kind}" for kind in TicketKind]
    keys += [f"clocks.{clock}" for clock in CLOCKS] + [f"roles.{role}" for role in Role]
    keys += [f"role_notes.{role}" for role in Role]
    keys += [f"actions.{status}" for status in TicketStatus]
    keys += [f"audit.ticket.{event}" for event in ("opened", "status_changed", "assigned", "supplemented")]
    keys += [f"steps.{kind}" for kind in ("start", "start_day", "counted", "makeup", "special_hours", "late", "holiday", "weekend", "pause", "month_end", "assumed_year", "due")]
    assert [key for key in keys if words(key) == key.rpartition(".")[2]] == []
    owners = set(words.script["status"])
    assert {owner.value for owner in Owner} <= owners


def test_an_unknown_key_shows_itself_instead_of_failing(words):
    assert words("states.brand_new") == "brand_new"


def test_no_words_stand_in_code_or_scripts():
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for file in [*HERE.glob("*.py"), *(HERE / "static").glob("*.js")]:
        code = re.sub(r'""".*?"""|/\*.*?\*/|#.*|//.*', "", file.read_text("utf-8"), flags=re.S if file.suffix == ".py" else 0)
        assert not chinese.search(re.sub(r'""".*?"""', "", code, flags=re.S)), file.name


# --- roles ----------------------------------------------------------------------------------


def agent(role, *regions):
    return Agent(id="a", login="x", name="x", role=role, password_hash="", is_active=True, regions=list(regions))


def test_roles_reserve_some_steps_and_leave_the_rest_open():
    assert roles.may(agent("agent"), "ticket.reply")
    assert not roles.may(agent("agent"), "ticket.assign_other")
    with pytest.raises(Forbidden):
        roles.check(agent("agent"), "ticket.assign_other")


def test_a_step_that_holds_for_all_is_not_for_who_works_for_a_part():
    assert roles.may(agent("supervisor"), "sla.rules")
    assert not roles.may(agent("supervisor", "3301"), "sla.rules")

"""What holds for all guiding tools: every path ends in a result that rests on the law of the day."""

import json

import pytest

from bot.tools.evidence import EvidenceTool
from bot.tools.fees import FeesTool
from bot.tools.flow import FlowTool
from bot.tools.model import ToolInputError
from bot.tools.route import RouteTool
from tests.tools.conftest import FIRST_NEW_DAY, LAST_OLD_DAY, TODAY
from tests.tools.walking import NEW_TRADEMARK_LAW, OLD_TRADEMARK_LAW, laws_cited, results_of

TOOLS = (RouteTool, EvidenceTool, FeesTool, FlowTool)


@pytest.fixture(scope="module", params=TOOLS, ids=lambda make: make.name)
def tool(request, sources):
    return request.param(sources)


@pytest.mark.parametrize("day", [TODAY, LAST_OLD_DAY, FIRST_NEW_DAY], ids=str)
def test_every_path_ends_in_a_result_with_sources(tool, day, sources) -> None:
    for given, result in results_of(tool, day):
        assert result.short and result.details and result.citations, given
        assert all(sources.in_force(law_id, day) for law_id in laws_cited(result)), given
        assert "None" not in result.details and "{" not in result.details
        assert not [line for line in result.details.splitlines() if line.rstrip().endswith("：")], given
        json.dumps(result.data)


def test_trade_mark_law_changes_over_night(tool) -> None:
    before = dict(_by_answers(tool, LAST_OLD_DAY))
    after = dict(_by_answers(tool, FIRST_NEW_DAY))
    assert before.keys() == after.keys()
    for given, result in before.items():
        assert NEW_TRADEMARK_LAW not in laws_cited(result), given
        assert OLD_TRADEMARK_LAW not in laws_cited(after[given]), given
        rests_on_it = OLD_TRADEMARK_LAW in laws_cited(result)
        assert rests_on_it == (NEW_TRADEMARK_LAW in laws_cited(after[given])), given
        assert ("商标法" in (result.notice or "")) == rests_on_it, given
        assert not rests_on_it or result.details != after[given].details, given


def test_what_may_follow_exists(tool, sources) -> None:
    names = {
        "human",
        "form:complaint",
        "form:assistance",
        "tool:deadline",
        *(f"tool:{make.name}" for make in TOOLS),
    }
    for given, result in results_of(tool, TODAY):
        assert set(result.next) <= names | set(sources.knowledge.articles), given


def test_details_are_plain_markdown(tool) -> None:
    for given, result in results_of(tool, TODAY):
        assert not [line for line in result.details.splitlines() if line.startswith(("#", "|", "<"))], given


def test_day_before_the_rules_collected_here_is_not_answered(tool) -> None:
    given, _ = next(iter(results_of(tool, TODAY)))
    result = tool.step(given, today=TODAY.replace(year=2019))
    assert result.next == ("human",) and not result.citations


def test_same_answers_lead_to_the_same_step(tool) -> None:
    given, result = next(iter(results_of(tool, TODAY)))
    assert tool.step(given, today=TODAY) == result
    assert tool.step(given | {"something": "else"}, today=TODAY) == result


def test_answer_that_is_no_choice_is_refused_with_the_choices(tool) -> None:
    field = tool.step({}, today=TODAY).field
    with pytest.raises(ToolInputError) as refused:
        tool.step({field: "没有这一项"}, today=TODAY)
    assert refused.value.field == field and refused.value.details["choices"]


def test_answers_are_taken_by_title_alias_and_number(tool) -> None:
    question = tool.step({}, today=TODAY)
    for number, choice in enumerate(question.choices, start=1):
        expected = tool.step({question.field: choice.value}, today=TODAY)
        for answer in (choice.title, str(number), *choice.aliases):
            assert tool.step({question.field: answer}, today=TODAY) == expected


def _by_answers(tool, day):
    return ((tuple(sorted(given.items())), result) for given, result in results_of(tool, day))

"""The evidence checklists."""

import pytest

from bot.tools.evidence import EvidenceTool
from bot.tools.model import ToolInputError
from tests.tools.conftest import FIRST_NEW_DAY, LAST_OLD_DAY, TODAY


@pytest.fixture(scope="module")
def tool(sources) -> EvidenceTool:
    return EvidenceTool(sources)


def cases_of(tool: EvidenceTool) -> dict[str, str]:
    """Return each case with a right under which it is offered."""
    rights = [choice.value for choice in tool.step({}, today=TODAY).choices]
    return {
        choice.value: right for right in rights for choice in tool.step({"right": right}, today=TODAY).choices
    }


def test_there_are_checklists_for_every_right(tool: EvidenceTool) -> None:
    assert len(cases_of(tool)) >= 14
    for choice in tool.step({}, today=TODAY).choices:
        assert tool.step({"right": choice.value}, today=TODAY).choices


def test_every_item_says_why_and_how(tool: EvidenceTool) -> None:
    for case in cases_of(tool):
        data = tool.step({"case": case}, today=TODAY).data
        assert any(item["must"] for item in data["items"]), case
        for item in data["items"]:
            assert item["why"] and (item["how"] or item["methods"]), (case, item["what"])
        named = {name for item in data["items"] for name in item["methods"]}
        assert named == {method["id"] for method in data["methods"]}, case
        assert all(method["steps"] for method in data["methods"]), case


def test_case_alone_is_enough(tool: EvidenceTool) -> None:
    result = tool.step({"case": "trade_secret"}, today=TODAY)
    assert result.right == "trade_secret"
    assert any(c.law_id == "aucl-2025" and c.article == "第三十九条" for c in result.citations)


def test_case_that_does_not_belong_to_the_right_is_refused(tool: EvidenceTool) -> None:
    with pytest.raises(ToolInputError):
        tool.step({"right": "copyright", "case": "patent_design"}, today=TODAY)


def test_printable_list_has_boxes_and_its_day(tool: EvidenceTool) -> None:
    result = tool.step({"case": "trademark_infringement"}, today=TODAY)
    printable = result.data["printable"]
    assert printable.count("□") == len(result.data["items"])
    assert "2026年11月21日" in printable and "**" not in printable


def test_general_lists_speak_of_the_right_that_was_named(tool: EvidenceTool) -> None:
    details = tool.step({"right": "copyright", "case": "damages"}, today=TODAY).details
    assert "著作权法" in details and "《专利法》" not in details


def test_objection_of_non_use_in_both_versions(tool: EvidenceTool) -> None:
    before, after = (
        {c.law_id for c in tool.step({"case": "trademark_use"}, today=day).citations}
        for day in (LAST_OLD_DAY, FIRST_NEW_DAY)
    )
    assert "trademark-law-2019" in before and "trademark-law-2026" in after


def test_sentence_names_the_case(tool: EvidenceTool) -> None:
    assert tool.read("图片被盗了要准备什么证据清单", today=TODAY) == {
        "right": "copyright",
        "case": "copyright_online",
    }
    assert tool.read("给我一份证据清单", today=TODAY) == {}

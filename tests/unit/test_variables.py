"""Variables in canned replies."""

import pytest

from bot.helpdesk.variables import UnknownVariable, VariableEmpty, check, fill_in


def test_variables_are_replaced_with_or_without_blanks() -> None:
    assert fill_in("{{citizen}}，{{ number }}。", {"citizen": "张三", "number": "TS1"}) == "张三，TS1。"


def test_a_variable_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownVariable) as caught:
        check("{{name}}")
    assert caught.value.details["name"] == "name"
    assert "citizen" in str(caught.value.details["known"])


def test_nothing_is_sent_with_a_hole_in_it() -> None:
    with pytest.raises(VariableEmpty) as caught:
        fill_in("于 {{due}} 前答复", {"due": ""})
    assert caught.value.details == {"name": "due"}


def test_a_value_brings_in_no_variables_of_its_own() -> None:
    assert fill_in("{{citizen}}", {"citizen": "{{agent}}", "agent": "李"}) == "{{agent}}"


@pytest.mark.parametrize("text", ["{citizen}", "{{citizen", "", "{% if %}"])
def test_other_braces_are_words(text: str) -> None:
    assert fill_in(text, {}) == text

"""Walking through all that a tool asks."""

from collections.abc import Iterator
from datetime import date

from bot.tools.model import Question, Result, Tool

OLD_TRADEMARK_LAW, NEW_TRADEMARK_LAW = "trademark-law-2019", "trademark-law-2026"


def results_of(
    tool: Tool, today: date, given: dict[str, str] | None = None
) -> Iterator[tuple[dict[str, str], Result]]:
    """Yield every result that choices lead to, with the answers; days are all 2022-03-05."""
    given = given or {}
    step = tool.step(given, today=today)
    if isinstance(step, Result):
        yield given, step
        return
    assert isinstance(step, Question) and step.field not in given
    values = [choice.value for choice in step.choices] if step.kind == "choice" else ["2022-03-05"]
    assert values
    for value in values:
        yield from results_of(tool, today, given | {step.field: value})


def laws_cited(result: Result) -> set[str]:
    """Return the ids of the laws that a result rests on."""
    return {cited.law_id for cited in result.citations}

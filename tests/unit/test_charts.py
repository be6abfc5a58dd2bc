"""The geometry of charts."""

import pytest

from bot.console.charts import line_chart, nice_ceiling, share, shares


@pytest.mark.parametrize(("most", "top"), [(0, 4), (3, 4), (5, 8), (9, 20), (12, 20), (37, 40), (41, 60), (99, 100), (101, 200), (950, 1000)])
def test_the_top_of_a_chart_is_round_and_not_below_the_greatest_value(most: int, top: int) -> None:
    assert nice_ceiling(most) == top


def test_a_line_reaches_the_top_at_the_top_and_the_floor_at_nothing() -> None:
    chart = line_chart(["a", "b"], [("x", [0, 4])])
    assert chart.lines[0].points == "40.0,176.0 632.0,10.0"
    assert [tick.label for tick in chart.across] == ["0", "1", "2", "3", "4"]


def test_of_many_labels_some_are_written() -> None:
    chart = line_chart([str(at) for at in range(30)], [("x", [1] * 30)])
    assert [tick.label for tick in chart.below] == ["0", "4", "8", "12", "16", "20", "24", "28"]


def test_one_day_and_no_days_are_no_trouble() -> None:
    assert line_chart(["a"], [("x", [1])]).lines[0].points == "40.0,134.5"
    assert line_chart([], [("x", [])]).lines[0].points == ""


def test_a_day_without_a_value_has_no_dot_and_a_scale_has_a_line_at_each_whole_number() -> None:
    chart = line_chart(["a", "b", "c"], [("x", [5.0, None, 2.5]), ("y", [None] * 3)], top=5)
    assert chart.lines[0].dots == [(40, 10.0), (632.0, 93.0)]
    assert (chart.lines[1].dots, chart.lines[1].points) == ([], "")
    assert [tick.label for tick in chart.across] == ["0", "1", "2", "3", "4", "5"]


def test_shares() -> None:
    assert shares([2, 1, 0]) == [100.0, 50.0, 0.0]
    assert shares([0]) == [0.0] and shares([]) == []
    assert share(1, 3) == 33.3 and share(0, 0) is None

"""docs/MODELS.md is made of figures and notes; this is the making, not the measuring."""

from typing import Any

from bench.comparison.report import NOTES, UNDERSTANDING, markdown, retrieval_titles

COST = {"train_seconds": 12.34, "latency_ms": 0.96, "base_mb": 700.0, "peak_mb": 900.0, "note": "", "examples": 11603}
UNDERSTOOD = COST | {
    "held_out": 0.87, "held_out_foreign": 0.84, "held_out_count": 165, "right": 0.921, "topic": 0.911,
    "outside": 0.927, "refused": None, "questions": 203,
}  # fmt: skip
FOUND = COST | {
    "topic": 0.8, "right": 0.9, "questions": 146, "first_fold": {"first": 0.6, "three": 0.8, "count": 1100},
    "all_folds": {"first": 0.61, "three": 0.81, "count": 5500},
}  # fmt: skip


def figures(**more: Any) -> dict[str, Any]:
    run = {"when": "2026-11-21", "machine": "2 cores"}
    prepared = {"examples": 11603, "articles": 476, "train_seconds": 19.3, "latency_ms": 0.46}
    return {"whole": {"run": run, "prepared": prepared} | more}


def line(page: str, title: str) -> str:
    """Return the line of a method in the first of the two tables, that of all examples."""
    return next(line for line in page.splitlines() if line.startswith(f"| {title}"))


def test_methods_measured_stand_in_the_tables() -> None:
    page = markdown(figures(understanding={"linear": UNDERSTOOD}, retrieval={"fusion": FOUND}))
    assert "87.0 % | 84.0 % | 92.1 % | 91.1 % | 92.7 % | – | 12.3 | 1.0 | 900 | 200" in line(page, UNDERSTANDING["linear"])
    assert "61.0 % | 81.0 % | 60.0 % | 80.0 % | 90.0 % | 80.0 %" in line(page, retrieval_titles()["fusion"])
    assert "five folds (5500 questions)" in page and "476 articles" in page


def test_method_without_figures_says_why() -> None:
    page = markdown(figures(retrieval={"selector": {"failed": "not finished after 12 minutes"}}))
    assert "not finished after 12 minutes" in line(page, retrieval_titles()["selector"])
    assert "not measured" in line(page, UNDERSTANDING["diet"])


def test_method_measured_in_one_fold_has_no_figures_of_five() -> None:
    page = markdown(figures(retrieval={"selector": FOUND | {"all_folds": None}}))
    assert "| – | – | 60.0 % | 80.0 % |" in line(page, retrieval_titles()["selector"])


def test_line_of_an_earlier_run_on_other_data_is_marked() -> None:
    page = markdown(figures(retrieval={"fusion": FOUND, "ranks": FOUND | {"examples": 9000}}))
    assert "earlier run, other data" in line(page, retrieval_titles()["ranks"])
    assert "earlier run" not in line(page, retrieval_titles()["fusion"])


def test_every_line_of_a_table_has_as_many_cells() -> None:
    page = markdown(figures(understanding={"linear": UNDERSTOOD}, retrieval={"fusion": FOUND}))
    for table in page.split("\n\n"):
        if table.startswith("| method"):
            assert len({line.count("|") for line in table.splitlines()}) == 1


def test_nothing_in_the_notes_is_left_open() -> None:
    assert "{{" in NOTES.read_text("utf-8") and "{{" not in markdown(figures())


def test_share_has_tables_of_its_own() -> None:
    whole = figures(understanding={"linear": UNDERSTOOD})
    share = {"every": 8, "understanding": {"diet": UNDERSTOOD | {"note": "100 epochs"}}, "prepared": {"examples": 4400}}
    page = markdown(whole | {"share": share})
    diets = [line for line in page.splitlines() if line.startswith(f"| {UNDERSTANDING['diet']}")]
    assert "not measured" in diets[0] and "100 epochs" in diets[1]
    assert "one in 8" in page and "4400 examples" in page
    assert "{{" not in page

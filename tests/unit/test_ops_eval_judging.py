"""`eval`: what counts as right, what mistakes cost, whether confidence can be believed."""

from typing import Any

import pytest

from bot.ops.eval.calibration import calibration
from bot.ops.eval.costs import bill, kind_of, kinds, measures, worst
from bot.ops.eval.scoring import by_label, confusion, headline, latency


def row(expected: str | None, got: str, **more: Any) -> dict[str, Any]:
    labels = {} if expected is None else {"expected_topic": expected, "expected_right": "patent"}
    found = {"text": "问", "topic": got, "right": "patent", "outcome": "answer", "confidence": 0.9, "latency_ms": 10.0}
    return labels | found | more


REFUSED = {"outcome": "out_of_scope", "right": "none"}
FOREIGN = {"expected_right": "none"}


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (row("law", "law"), "right"),
        (row("law", "procedure", alt_topics=["procedure"]), "right"),
        (row("law", "procedure"), "confident_wrong"),
        (row("law", "procedure", confidence=0.49), "unsure_wrong"),
        (row("law", "procedure", confidence=None), "unsure_wrong"),
        (row("law", "law", right="trademark"), "confident_wrong"),
        (row("law", "law", outcome="clarify"), "asked_back"),
        (row("law", "law", outcome="fallback"), "asked_back"),
        (row("law", "handoff", outcome="handoff"), "asked_back"),
        (row("law", "out_of_scope", **REFUSED), "refused"),
        (row("law", "out_of_scope", alt_topics=["out_of_scope"], **REFUSED), "right"),
        (row("out_of_scope", "out_of_scope", **REFUSED | FOREIGN), "right"),
        (row("out_of_scope", "law", **FOREIGN), "foreign_answered"),
        (row("out_of_scope", "law", outcome="clarify", **FOREIGN), "asked_back"),
        (row("handoff", "handoff", outcome="handoff", **FOREIGN), "right"),
        (row("handoff", "handoff", intent="report_urgent", right="none", **FOREIGN), "right"),
        (row("handoff", "law", intent="faq", **FOREIGN), "confident_wrong"),
    ],
)
def test_every_result_is_of_one_kind(result: dict[str, Any], kind: str) -> None:
    found = kind_of(result)
    assert found is not None and found.name == kind


def test_result_without_labels_is_not_judged() -> None:
    assert kind_of(row(None, "law")) is None
    assert bill([row(None, "law")]).mean is None


def test_label_that_a_row_lacks_is_not_held_against_it() -> None:
    only_topic = {"expected_topic": "law", "topic": "law", "right": "patent", "outcome": "answer"}
    found = headline([only_topic, only_topic | {"expected_topic": None, "expected_right": "patent"}])
    assert (found.topic.hits, found.topic.total) == (1, 1)
    assert (found.right.hits, found.right.total) == (1, 1)


def test_being_sure_and_wrong_is_the_dearest_and_asking_back_the_cheapest_mistake() -> None:
    assert next(iter(kinds())) == "right" and kinds()["right"].cost == 0
    mistakes = [kind for kind in kinds().values() if kind.cost]
    assert max(mistakes, key=lambda kind: kind.cost).name == "confident_wrong"
    assert min(mistakes, key=lambda kind: kind.cost).name == "asked_back"


def test_bill_is_made_up_of_its_parts() -> None:
    rows = [row("law", "law"), row("law", "procedure"), row("law", "law", outcome="clarify")]
    found = bill(rows)
    assert found.count == 3 and found.total == 6 and found.mean == 2
    assert [part.kind.name for part in found.parts if part.count] == ["right", "asked_back", "confident_wrong"]


def test_worst_come_first_and_among_them_the_surest() -> None:
    asked = row("law", "law", outcome="clarify")
    sure, surer = row("law", "procedure", confidence=0.7), row("law", "evidence", confidence=0.95)
    assert worst([row("law", "law"), asked, sure, surer]) == [surer, sure, asked]


def test_request_for_a_person_is_met_by_one_or_by_the_offer_of_one() -> None:
    rows = [
        row("handoff", "handoff", outcome="handoff"),
        row("handoff", "handoff", intent="report_urgent", outcome="answer"),
        row("handoff", "law", intent="faq"),
    ]
    found = headline(rows).person
    assert (found.hits, found.total) == (2, 3)


def test_headline_tells_refusals_in_scope_from_those_out_of_scope() -> None:
    rows = [row("law", "out_of_scope", **REFUSED), row("law", "law"), row("out_of_scope", "out_of_scope", **REFUSED)]
    found = headline(rows)
    assert found.outside.value == 1.0 and found.refused.value == 0.5


def test_goals_are_of_the_headline() -> None:
    shares = set(headline([]).__dict__)
    assert set(measures()["goals"]) == shares


def test_labels_are_listed_from_the_commonest() -> None:
    rows = [row("law", "law"), row("evidence", "law"), row("evidence", "evidence")]
    assert [(name, share.hits, share.total) for name, share in by_label(rows, "topic")] == [
        ("evidence", 1, 2),
        ("law", 1, 1),
    ]


def test_accepted_alternative_is_no_confusion() -> None:
    found = confusion([row("law", "procedure", alt_topics=["procedure"]), row("law", "evidence")], "topic")
    assert found.counts == {("law", "law"): 1, ("law", "evidence"): 1}
    assert found.mistakes() == [("law", "evidence", 1)]
    assert found.labels == ("law", "evidence")


def test_confidence_that_is_borne_out_has_no_error() -> None:
    rows = [row("law", "law" if i < 8 else "evidence", confidence=0.8) for i in range(10)]
    found = calibration(rows)
    assert found.error == pytest.approx(0.0)
    (only,) = found.bins
    assert (only.low, only.high, only.count, only.correct) == (0.8, 0.9, 10, 0.8)


def test_calibration_error_weighs_bins_by_their_answers() -> None:
    rows = [row("law", "law", confidence=1.0)] * 3 + [row("law", "evidence", confidence=0.4)]
    found = calibration(rows)
    assert found.judged == 4 and found.error == pytest.approx(0.4 / 4)


def test_question_back_claims_nothing_and_is_not_calibrated() -> None:
    assert calibration([row("law", "law", outcome="clarify"), row("law", "law", confidence=None)]).error is None


def test_latency_of_nothing_is_unknown() -> None:
    assert latency([]) is None
    assert latency([{"latency_ms": float(n)} for n in range(1, 102)]).p95 == 96  # type: ignore[union-attr]


def test_an_answer_fits_if_it_is_one_of_the_articles_that_would_do() -> None:
    rows = [
        row("law", "law", articles=["patent_term", "patent_annuity"], article_id="patent_annuity"),
        row("law", "law", articles=["patent_term"], article_id=None),
        row("law", "law", articles=[], article_id="patent_term"),
        row("law", "law", article_id="patent_term"),
    ]
    found = headline(rows).article
    assert (found.hits, found.total) == (1, 2)

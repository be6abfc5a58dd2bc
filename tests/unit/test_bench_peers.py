"""Figures of the bench beside the peers: what a ratio is, and what stands in the report."""

import pytest

from bench.peers import report
from bench.peers.loading import ticket_id
from bench.peers.measuring import QUICK, Figures


def figures() -> Figures:
    made = Figures()
    for ours, roundup, other in ((100, 20, 5), (90, 30, 31), (50, 10, 1)):
        made.add("opening", "sqlite", "rightsdesk", ours)
        made.add("opening", "sqlite", "roundup", roundup)
        made.add("opening", "sqlite", "django-helpdesk", other)
    for ours, roundup in ((1.0, 14.0), (2.0, 40.0)):
        made.add("first page, ms", "postgresql", "rightsdesk", ours)
        made.add("first page, ms", "postgresql", "roundup", roundup)
    made.add("outage, seconds", "sqlite", "rightsdesk", 3.25)
    return made


def test_a_ratio_is_the_median_of_the_rounds_own_ratios_to_the_best_peer() -> None:
    assert figures().ratio("opening", "sqlite", more_is_better=True) == 5
    assert figures().ratio("first page, ms", "postgresql", more_is_better=False) == 17
    assert figures().ratio("sweep, s", "sqlite", more_is_better=False) is None


def test_the_report_has_a_line_for_what_was_measured_and_none_for_what_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "version_of", lambda peer, package: "2.6.0")
    page = report.write(figures(), QUICK, quick=True, seconds=60)
    assert "| opening (tickets/s, 8 clients, in process) | sqlite | 90 | 20 | 5 | **5.0 ×** | 4 × |" in page
    assert "| outage, seconds | sqlite | 3.25 |" in page
    assert "| sweep" not in page


def test_loaded_tickets_have_ids_in_the_order_of_their_numbers() -> None:
    ids = [ticket_id(number) for number in (0, 9, 10, 999_999)]
    assert ids == sorted(set(ids)) and all(len(one) == 36 for one in ids)

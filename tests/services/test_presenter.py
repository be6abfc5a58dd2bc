"""What the citizen sees of what the engine found: one answer, two where either may be meant, offers."""

from typing import Any

from bot.assistant.engine import EngineReply
from bot.assistant.presenter import Presented, Presenter
from tests.services.toolkit import TODAY, real_sources

FIRST, SECOND, THIRD, FOURTH = "patent_term", "patent_annuity", "patent_term_compensation", "patent_transfer"


def presented(
    confidences: dict[str, float], *, further: tuple[str, ...] = (), active_form: str | None = None
) -> Presented:
    """The reply to a question for which the engine found these articles; the first is the answer."""
    nlu: dict[str, Any] = {
        "intent": "faq",
        "article_id": next(iter(confidences)),
        "articles": [{"id": name, "confidence": share} for name, share in confidences.items()],
        "further": list(further),
    }
    messages = [{"text": "", "custom": {"article": nlu["article_id"]}}]
    reply = EngineReply(messages=messages, state={}, nlu=nlu, active_form=active_form)
    return presenter().present(reply, TODAY)


def presenter() -> Presenter:
    return Presenter(real_sources().knowledge, real_sources().texts)


def articles(reply: Presented) -> list[str]:
    return [shown.body["article_id"] for shown in reply.messages if "article_id" in shown.body]


def offered(reply: Presented) -> list[str]:
    return [button["payload"] for button in reply.messages[-1].body["buttons"]]


def test_a_sure_answer_stands_alone() -> None:
    reply = presented({FIRST: 0.9, SECOND: 0.05, THIRD: 0.01})
    assert articles(reply) == [FIRST]
    assert len(reply.messages) == 1


def test_an_article_that_may_be_meant_as_well_is_given_too() -> None:
    reply = presented({FIRST: 0.5, SECOND: 0.3, THIRD: 0.1, FOURTH: 0.05})
    assert articles(reply) == [FIRST, SECOND]
    assert reply.article_id == FIRST
    texts = real_sources().texts
    assert [shown.text for shown in reply.messages].count(texts("article.as_well")) == 1
    assert [THIRD in payload for payload in offered(reply)][0]
    assert offered(reply)[-1] == "/request_human"


def test_the_citations_of_both_articles_are_reported() -> None:
    one, two = presented({FIRST: 0.9}), presented({FIRST: 0.5, SECOND: 0.4})
    assert len(two.citations) > len(one.citations)


def test_a_fairly_sure_answer_with_a_likely_second_offers_no_third() -> None:
    reply = presented({FIRST: 0.7, SECOND: 0.2, THIRD: 0.05})
    assert articles(reply) == [FIRST, SECOND]
    assert offered(reply) == ["/request_human"]


def test_unlikely_neighbours_of_an_unsure_answer_are_buttons() -> None:
    reply = presented({FIRST: 0.5, SECOND: 0.1, THIRD: 0.1, FOURTH: 0.1})
    assert articles(reply) == [FIRST]
    assert reply.messages[-1].text == real_sources().texts("article.neighbours")
    assert len(offered(reply)) == 2


def test_several_questions_are_answered_once_each() -> None:
    reply = presented({FIRST: 0.5, SECOND: 0.3}, further=(FIRST, THIRD))
    assert articles(reply) == [FIRST, THIRD]
    assert reply.article_id == FIRST


def test_nothing_comes_between_an_answer_and_the_question_of_a_form() -> None:
    reply = presented({FIRST: 0.5, SECOND: 0.3, THIRD: 0.1}, active_form="complaint_form")
    assert articles(reply) == [FIRST]

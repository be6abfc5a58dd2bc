"""What the bot does when it does not understand, and when a button names an article."""

from datetime import date

from tests.actions.conftest import Actions, FakeKnowledge
from tests.actions.dialogue import make_tracker, run
from tests.support.clock import FakeClock

NEAREST = ["patent_term", "patent_annuity", "design_term", "trademark_term"]


async def test_a_vague_question_is_answered_with_the_nearest_articles(
    actions: Actions, knowledge: FakeKnowledge
) -> None:
    knowledge.answers = dict.fromkeys(NEAREST, "答。")
    _, [message] = await run(actions["action_clarify"], make_tracker("专利多久", nearest=NEAREST))
    assert message["custom"] == {"outcome": "clarify", "clarify": NEAREST[:3]}
    assert message["buttons"] == []


async def test_an_article_without_an_answer_that_day_is_not_offered(
    actions: Actions, knowledge: FakeKnowledge
) -> None:
    knowledge.answers = {"patent_annuity": "答。"}
    _, [message] = await run(actions["action_clarify"], make_tracker("专利多久", nearest=NEAREST))
    assert message["custom"]["clarify"] == ["patent_annuity"]


async def test_a_message_that_nothing_fits_is_a_fallback(actions: Actions) -> None:
    _, [message] = await run(actions["action_clarify"], make_tracker("啊啊啊"))
    assert message["custom"] == {"outcome": "fallback"}
    assert message["text"]


async def test_the_second_failed_try_offers_a_person(actions: Actions, knowledge: FakeKnowledge) -> None:
    knowledge.answers = {"patent_term": "答。"}
    for nearest in (["patent_term"], []):
        tracker = make_tracker("听不懂吗", metadata={"failed_tries": 1}, nearest=nearest)
        _, [message] = await run(actions["action_clarify"], tracker)
        assert [button["payload"] for button in message["buttons"]] == ["/request_human"]


async def test_the_answers_are_those_of_the_day_that_the_desk_names(
    actions: Actions, knowledge: FakeKnowledge
) -> None:
    nearest = ["trademark_renewal"]
    tracker = make_tracker("商标续展", metadata={"today": "2027-01-01"}, nearest=nearest)
    await run(actions["action_clarify"], tracker)
    await run(actions["action_clarify"], make_tracker("商标续展", nearest=nearest))
    assert knowledge.asked == [date(2027, 1, 1), date(2026, 11, 20)]


async def test_today_is_the_day_in_china(actions: Actions, knowledge: FakeKnowledge, clock: FakeClock) -> None:
    clock.at = clock.at.replace(hour=17)  # 01:00 on the next day in Shanghai
    await run(actions["action_clarify"], make_tracker("商标续展", nearest=["trademark_renewal"]))
    assert knowledge.asked == [date(2026, 11, 21)]


async def test_a_button_shows_its_article(actions: Actions, knowledge: FakeKnowledge) -> None:
    knowledge.answers = {"patent_term": "发明二十年。"}
    tracker = make_tracker(
        '/show_article{"article": "patent_term"}', entities=[{"entity": "article", "value": "patent_term"}]
    )
    _, [message] = await run(actions["action_show_article"], tracker)
    assert message["custom"] == {"article": "patent_term"}
    assert message["text"] == "发明二十年。"


async def test_an_article_that_cannot_be_given_today_offers_a_person(actions: Actions) -> None:
    for entities in ([{"entity": "article", "value": "gone"}], []):
        _, [message] = await run(actions["action_show_article"], make_tracker(entities=entities))
        assert message["custom"] == {"outcome": "fallback"}
        assert message["buttons"][0]["payload"] == "/request_human"

"""What single messages are taken for. These sentences are held out: none is in nlu_data or an article."""

import pytest

from tests.dialogue.driver import Citizen

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("发明专利的保护期一共是多少年呢", "patent_term"),
        ("專利權的保護期有多長？", "patent_term"),
        ("專利 能 保護 几 年", "patent_term"),
        ("您好，请问一下专利保护期限是几年？谢谢", "patent_term"),
        ("商标到期了怎么续展", "trademark_renewal"),
        ("软件著作权怎么登记", "software_registration"),
        ("收到律师函说我侵权了怎么办", "route_warning_letter"),
        ("没缴年费专利还能恢复吗", "patent_restoration"),
    ],
)
def test_a_question_finds_its_article(citizen: Citizen, text: str, article: str) -> None:
    reply = citizen.say(text)
    assert reply.article == article
    assert reply.customs == [{"article": article}]
    assert reply.texts


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("给我接一个真人客服吧", "request_human"),
        ("不想跟机器说话了，找个工作人员来", "request_human"),
        ("能不能让人工跟我谈", "request_human"),
        ("我现在就要举报一家卖冒牌衣服的网店", "open_complaint"),
        ("我想登记一个投诉，有人卖我家牌子的假货", "open_complaint"),
        ("帮我办一下维权援助申请", "open_assistance"),
        ("我的工单办到哪一步了", "check_ticket"),
        ("有人扬言要打我，因为我举报了他", "report_urgent"),
        ("他们正在把侵权的货连夜运走", "report_urgent"),
        ("哈喽你好呀", "greet"),
        ("十分感谢您", "thank"),
        ("你到底是人还是机器人", "ask_bot"),
    ],
)
def test_a_wish_is_recognised(citizen: Citizen, text: str, intent: str) -> None:
    assert citizen.say(text).intent == intent


@pytest.mark.parametrize(
    "text", ["网店被别人投诉说我卖假货，我冤枉啊", "有个品牌方投诉了我的店铺，链接被下架了", "收到投诉通知说我侵权怎么办"]
)
def test_who_is_complained_about_gets_no_complaint_form(citizen: Citizen, text: str) -> None:
    assert citizen.say(text).body["active_form"] is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("老板一直不发工资，我该怎么要", "12333"),
        ("跟丈夫过不下去了，想办离婚", "12348"),
        ("这家店的牛奶过期了不给退钱", "12315"),
        ("个税年度汇算在哪里办", "12366"),
        ("户口迁移需要哪些手续", "12345"),
    ],
)
def test_what_is_not_ours_gets_the_right_line(citizen: Citizen, text: str, line: str) -> None:
    reply = citizen.say(text)
    assert reply.intent == "ask_out_of_scope"
    assert reply.customs == [{"outcome": "out_of_scope"}]
    assert line in reply.texts


@pytest.mark.parametrize("text", ["后天气温多少度", "教我炒个宫保鸡丁", "帮我写个爬虫程序"])
def test_small_matters_get_no_article(citizen: Citizen, text: str) -> None:
    reply = citizen.say(text)
    assert reply.article is None
    assert reply.intent in ("ask_out_of_scope", "nlu_fallback")


@pytest.mark.parametrize("text", ["？？？", "asdfghjkl", "。", "……！！"])
def test_what_cannot_be_understood_is_asked_back(citizen: Citizen, text: str) -> None:
    reply = citizen.say(text)
    assert reply.intent == "nlu_fallback"
    assert reply.customs == [{"outcome": "clarify"}]


def test_a_human_is_offered_at_once_for_an_urgent_matter(citizen: Citizen) -> None:
    assert "马上转人工" in citizen.say("对方正在销毁证据").buttons
    assert citizen.say("好的").customs == [{"effect": "handoff", "reason": "urgent"}]


@pytest.mark.parametrize(
    "text", ["他们正在烧账本，赶紧叫个真人来", "有人堵在店里扬言要打我，马上给我转人工", "对方在搬走侵权的货，麻烦安排老师联系我"]
)
def test_an_urgent_matter_with_a_wish_for_a_person_needs_no_offer(citizen: Citizen, text: str) -> None:
    assert citizen.say(text).customs == [{"effect": "handoff", "reason": "urgent"}]


def test_a_wish_at_the_end_of_a_story_is_heard(citizen: Citizen) -> None:
    story = (
        "我是做竹编的，去年给一家公司打过样，没有签合同，今年发现他们拿我的样子去申请了外观，还反过来说我抄他们的。"
        "平台上的链接也被下了，申诉两次都没过。条文我看不明白，请安排一位懂外观的老师跟我通个电话"
    )
    assert citizen.say(story).customs == [{"effect": "handoff", "reason": "asked"}]


def test_who_refuses_a_person_gets_the_answer(citizen: Citizen) -> None:
    assert citizen.say("别给我转人工，就说发明专利能保护多少年").article == "patent_term"


def test_the_offer_of_a_human_ends_with_the_next_question(citizen: Citizen) -> None:
    citizen.say_all("对方正在销毁证据", "专利能保护几年")
    assert citizen.say("转人工").customs == [{"effect": "handoff", "reason": "asked"}]


def test_an_articles_button_shows_it(citizen: Citizen) -> None:
    reply = citizen.say('/show_article{"article": "patent_term"}')
    assert reply.intent == "show_article"
    assert reply.texts == "action_show_article"


def test_the_nearest_articles_come_with_every_message(citizen: Citizen) -> None:
    nlu = citizen.say("商标注册").body["nlu"]
    assert len(nlu["articles"]) == 5
    assert all(0 <= article["confidence"] <= 1 for article in nlu["articles"])
    assert len(nlu["intents"]) == 3


def test_a_very_long_message_is_taken(citizen: Citizen) -> None:
    assert citizen.say("我的商标被人抢注了，" * 1500 + "怎么办？").article is not None


def test_the_same_message_gets_the_same_answer(citizen: Citizen) -> None:
    for text in ("专利能保护几年", "他说我侵权", "今天天气怎么样"):
        first, second = citizen.send(text)[1], citizen.send(text)[1]
        assert first == second

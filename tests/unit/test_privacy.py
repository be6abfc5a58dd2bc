"""Numbers of persons in free text."""

import pytest

from bot.helpdesk.privacy import masked_text, masked_value


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("我的电话13800005678，请回电", "我的电话138****5678，请回电"),
        ("手机 138-0000-5678", "手机 138****5678"),
        ("座机0571-88886666转8", "座机0571-****6666转8"),
        ("身份证33010619900101123X", "身份证330106********123X"),
        ("+8613800005678", "+86138****5678"),
        ("0086 13800005678、（+86）138-0000-5678", "0086 138****5678、（+86）138****5678"),
        ("１３８００００５６７８", "１３８****５６７８"),
        ("（0571）88886666", "（0571）****6666"),
        ("３３０１０６１９９００１０１１２３X", "３３０１０６********１２３X"),
        ("写信到zhang.san@example.com", "写信到z***@example.com"),
    ],
)
def test_numbers_of_persons_lose_their_middle(said: str, shown: str) -> None:
    assert masked_text(said) == shown


@pytest.mark.parametrize(
    "text",
    [
        "专利号ZL202310123456.7",
        "工单TS2611200000015",
        "2026-11-20 10:00 登记，金额13800元",
        "SHA-256 " + "0123456789abcdef" * 4,
        "019aa3b2-1380-7123-8456-138000056781",
        "全国12330热线",
        "订单138000056789012",
        "订单2086138000056789",
    ],
)
def test_other_numbers_stay_whole(text: str) -> None:
    assert masked_text(text) == text


def test_every_text_of_a_json_value_is_masked_also_after_a_line_break() -> None:
    value = {"messages": [{"text": "电话\n13800005678", "seq": 13800005678, "tags": ("13911112222", None)}]}
    assert masked_value(value) == {
        "messages": [{"text": "电话\n138****5678", "seq": 13800005678, "tags": ["139****2222", None]}]
    }

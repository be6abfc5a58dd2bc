"""The filled form as .docx, PDF and JSON: made, opened again and read."""

import base64
import io
import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from docx import Document

from bot.bootstrap import Desk
from bot.services import audit, desk_work
from bot.services.documents import Sheet, make_document, sheet_for_staff, sheet_of_draft, sheet_of_ticket
from bot.services.evidence import EvidenceReceipt
from bot.services.form_drafts import DraftView
from bot.services.views import TicketView
from bot.store.tables import Ticket
from tests.actions.conftest import forms, office  # noqa: F401  (fixtures)
from tests.support.builders import make_agent, make_ticket
from tests.support.citizens import Citizen

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STORY = "在市场里买到三件外套。\n店家说“大家都这么卖”，<b>不改</b> & 还笑😀。"
FACTS = {
    "report_type": "rightholder", "right": "trademark", "relation": "agent", "principal": "杭州某某科技有限公司",
    "respondent": "某某百货店", "venue": "online", "region": "浙江省杭州市", "period": "2026-03/..", "facts": STORY,
    "evidence": "付款记录、实物", "extent": "3件，360元", "wanted": "stop,takedown", "name": "张三",
    "party_id": "11010519491231002X", "phone": "13900139000", "consent": "yes",
    "respondent_details": "张某，某某路1号", "goods": "外套 A-1", "right_name": "某某牌", "agency": "某某律师事务所", "email": "",
}  # fmt: skip
TICKET = TicketView(
    id="1", number="TS2611200000015", kind="complaint", status="submitted", subject="举报投诉", facts=FACTS,
    queue="trademark", centre="main", urgency="normal", priority="normal", merged_into=None, channel="web", conversation_id=None, assignee_id=None,
    version=1, next_due_at=None, opened_at=NOW, updated_at=NOW,
)  # fmt: skip
RECEIPT = EvidenceReceipt("1", "R-ABC", "实物照片.jpg", 1234, "a" * 64, "image/jpeg", NOW)


def pdf_text(content: bytes) -> str:
    """The text that a PDF of ours shows: page streams are Ascii85 and Flate, strings are UTF-16."""
    shown = ""
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S):
        page = zlib.decompress(base64.a85decode(packed.strip(), adobe=packed.strip().startswith(b"<~")) if b"~>" not in packed[-6:] else base64.a85decode(packed.strip()[:-2]))
        for string in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", page, re.S):
            raw = re.sub(rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(m[1], m[1]), string, flags=re.S)
            shown += raw.decode("utf-16-be", errors="replace")
    return shown


def docx_text(content: bytes) -> list[str]:
    document = Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


@pytest.fixture
def sheet(office, forms) -> Sheet:  # noqa: F811
    return sheet_of_ticket(office, forms, TICKET, [RECEIPT], is_masked=True, now=NOW)


def test_the_sheet_follows_the_form_and_its_headings(sheet: Sheet) -> None:
    assert [section.title for section in sheet.sections] == [
        "登记事项", "权利情况", "被举报人", "违法行为", "诉求与其他处理", "提交人", "同意与承诺", "已上传材料",
    ]  # fmt: skip
    entries = {entry.label: entry.text for section in sheet.sections for entry in section.entries}
    assert entries["权利类型"] == "商标"
    assert entries["处理诉求"] == "责令停止侵权、下架或断开链接"
    assert entries["发生时间"] == "2026年3月至今"
    assert entries["证件号码"] == "110***********002X"
    assert "R-ABC" in entries["已上传材料"]


def test_a_full_sheet_says_that_it_is_one(office, forms) -> None:  # noqa: F811
    sheet = sheet_of_ticket(office, forms, TICKET, is_masked=False, now=NOW)
    assert sheet.facts["party_id"] == "11010519491231002X"
    assert sheet.note == office.texts("documents.full")


def test_a_word_file_can_be_read_back(sheet: Sheet) -> None:
    document = make_document(sheet, "docx")
    assert document.filename == "举报投诉登记表-TS2611200000015.docx"
    texts = docx_text(document.content)
    assert texts[0] == "举报投诉登记表"
    for text in ("TS2611200000015", STORY, "1. 付款记录\n2. 实物", "139****9000", "3件，360元", "外套 A-1", "某某律师事务所"):
        assert text in texts
    assert not [text for text in texts if "13900139000" in text]


def test_a_pdf_shows_the_same_in_chinese_and_a_box_for_what_it_cannot(sheet: Sheet) -> None:
    document = make_document(sheet, "pdf")
    assert document.content.startswith(b"%PDF-1.")
    assert b"STSong-Light" in document.content
    text = pdf_text(document.content)
    for part in ("举报投诉登记表", "TS2611200000015", "杭州某某科技有限公司", "<b>不改</b> & 还笑□", "1. 付款记录", "139****9000"):
        assert part in text, text
    assert "13900139000" not in text


def test_json_holds_values_and_what_people_read(sheet: Sheet) -> None:
    data = json.loads(make_document(sheet, "json").content)
    assert (data["number"], data["kind"], data["form"]) == ("TS2611200000015", "complaint", "complaint")
    assert data["facts"]["respondent"] == "某某百货店"
    assert data["facts"]["right"] == "商标"
    assert data["fields"]["right"] == {"label": "权利类型", "value": "trademark", "text": "商标"}
    assert data["fields"]["wanted"]["value"] == "stop,takedown"
    assert data["fields"]["period"] == {"label": "发生时间", "value": "2026-03/..", "text": "2026年3月至今"}
    assert data["fields"]["email"] == {"label": "电子邮箱", "value": "", "text": "未提供"}
    assert list(data["fields"]) == [e["name"] for s in data["sections"] for e in s["entries"] if e["name"] in data["facts"]]
    evidence = next(e for s in data["sections"] for e in s["entries"] if e["name"] == "evidence")
    assert evidence["items"] == ["付款记录", "实物"]


def test_json_masks_the_stored_value_as_the_text(office, forms) -> None:  # noqa: F811
    masked = json.loads(make_document(sheet_of_ticket(office, forms, TICKET, is_masked=True, now=NOW), "json").content)
    assert "13900139000" not in json.dumps(masked) and "11010519491231002X" not in json.dumps(masked)
    full = json.loads(make_document(sheet_of_ticket(office, forms, TICKET, is_masked=False, now=NOW), "json").content)
    assert full["fields"]["phone"]["value"] == "13900139000"


def test_every_field_of_every_form_stands_on_the_document(office, forms) -> None:  # noqa: F811
    """What was asked and answered is shown, under its heading, whichever question it was."""
    for form in forms.forms:
        facts = {f.name: f.choices[-1].value if f.choices else f"答案{n}" for n, f in enumerate(form.fields)}
        whole = sheet_of_ticket(office, forms, replace(TICKET, kind=form.ticket_kind, facts=facts), is_masked=False, now=NOW)
        texts = docx_text(make_document(whole, "docx").content)
        for field in form.fields:
            assert field.label in texts and forms.show(field, facts[field.name]) in texts, field.name
        assert [section.title for section in whole.sections] == [group.title for group in form.groups]


@pytest.mark.parametrize("format_", ["docx", "pdf", "json"])
def test_the_longest_and_strangest_answers_break_no_format(office, forms, format_: str) -> None:  # noqa: F811
    facts = FACTS | {"facts": "长" * 4000, "respondent": "A" * 500, "evidence": "、".join(f"证据{n}" for n in range(40)), "name": "\x0b\x1f\ufffe张\u200b三\ud7ff"}  # fmt: skip
    odd = sheet_of_ticket(office, forms, replace(TICKET, facts=facts), is_masked=True, now=NOW)
    assert len(make_document(odd, format_).content) > 1000


def test_a_pdf_keeps_words_apart_that_a_tab_or_a_hard_blank_parts(office, forms) -> None:  # noqa: F811
    spaced = sheet_of_ticket(office, forms, replace(TICKET, facts=FACTS | {"facts": "单价\t数量\xa0金额"}), is_masked=True, now=NOW)
    assert "单价 数量 金额" in pdf_text(make_document(spaced, "pdf").content)


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_question_that_reads_like_an_instant_out_of_time_is_shown_as_it_is(office, forms, said: str) -> None:  # noqa: F811
    ticket = replace(TICKET, kind="consultation", facts={"question": said})
    sheet = sheet_of_ticket(office, forms, ticket, is_masked=True, now=NOW)
    assert sheet.facts["question"] == said


def test_a_ticket_that_no_form_opened_is_shown_with_what_it_holds(office, forms) -> None:  # noqa: F811
    ticket = replace(TICKET, kind="consultation", facts={"question": "商标被抢注怎么办", "requested_at": NOW.isoformat()})
    sheet = sheet_of_ticket(office, forms, ticket, is_masked=True, now=NOW)
    texts = docx_text(make_document(sheet, "docx").content)
    assert {"求助人的问题", "商标被抢注怎么办", "提出时间", "2026年11月20日 10:00"} <= set(texts)


def test_an_unfinished_form_shows_what_is_still_open(office, forms) -> None:  # noqa: F811
    draft = DraftView("CG2611200000014", "ACDE1234", "assistance", NOW, NOW, {"right": "patent", "email": ""})
    sheet = sheet_of_draft(office, forms, draft, now=NOW)
    assert "未提交" in sheet.title
    assert (sheet.facts["right"], sheet.facts["phone"], sheet.facts["email"]) == ("专利", "未提供", "未提供")


@pytest.mark.parametrize(("is_masked", "action"), [(True, "ticket.exported"), (False, "ticket.exported_full")])
async def test_what_an_agent_takes_is_sealed(desk: Desk, is_masked: bool, action: str) -> None:
    citizen, agent = await Citizen.arrives(desk), await make_agent(desk)
    opened = await make_ticket(desk, citizen.conversation_id, facts=FACTS)
    async with desk.begin() as session:
        sheet = await sheet_for_staff(
            session, desk.office, desk.forms, agent, opened.ticket.id, format_="pdf", is_masked=is_masked, now=desk.clock()
        )
    assert (sheet.facts["phone"] == "13900139000") != is_masked
    async with desk.read() as session:
        items = await desk_work.timeline(session, opened.ticket.id, staff=True)
        assert await audit.chain_holds(session, await session.get_one(Ticket, opened.ticket.id))
    assert [(item.kind, item.actor, item.new) for item in items][-1] == (action, agent.id, {"format": "pdf"})

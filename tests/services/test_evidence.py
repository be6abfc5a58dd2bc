"""Originals are kept byte for byte and their receipts can be verified."""

import hashlib
from collections.abc import AsyncIterator

import pytest

from bot.bootstrap import Desk
from bot.helpdesk.errors import EmptyFile, EvidenceNotFound, FileTooLarge, TypeNotAllowed
from bot.services import audit
from bot.services.evidence import EvidenceStorage, evidence_of, store_evidence, verify_receipt
from tests.support.builders import make_ticket
from tests.support.citizens import Citizen

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


async def chunks(data: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def hands_in(desk: Desk, citizen: Citizen, data: bytes, filename: str = "截图.png"):
    stored = await desk.evidence.save("ab" + hashlib.md5(data).hexdigest(), chunks(data))
    async with desk.begin() as session:
        return await store_evidence(
            session, desk.evidence, stored, filename=filename, uploader="citizen",
            conversation_id=citizen.conversation_id, now=desk.clock(),
        )  # fmt: skip


async def test_the_original_is_stored_byte_for_byte_with_its_hash(desk: Desk) -> None:
    receipt = await hands_in(desk, await Citizen.arrives(desk), PNG)
    assert receipt.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (receipt.size_bytes, receipt.detected_type) == (len(PNG), "image/png")
    async with desk.read() as session:
        assert (await verify_receipt(session, desk.evidence, receipt.receipt.lower())).intact


async def test_a_changed_original_is_noticed(desk: Desk) -> None:
    receipt = await hands_in(desk, await Citizen.arrives(desk), PNG)
    [file] = [p for p in desk.evidence.root.rglob("*") if p.is_file()]
    file.write_bytes(PNG + b"x")
    async with desk.read() as session:
        assert not (await verify_receipt(session, desk.evidence, receipt.receipt)).intact


async def test_an_unknown_receipt_is_not_found(desk: Desk) -> None:
    async with desk.read() as session:
        with pytest.raises(EvidenceNotFound):
            await verify_receipt(session, desk.evidence, "0000")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFile),
        (PAGE, TypeNotAllowed),
        (b"<svg onload=alert(1)>", TypeNotAllowed),
        (b"MZ" + b"\0" * 200, TypeNotAllowed),
        (b"\x7fELF" + b"\0" * 200, TypeNotAllowed),
        (PNG * 100, FileTooLarge),
    ],
)
async def test_what_is_refused_leaves_no_file_behind(desk: Desk, data: bytes, error: type) -> None:
    """The name says picture; only the content counts."""
    storage = EvidenceStorage(desk.evidence.root, max_bytes=1000)
    with pytest.raises(error):
        await storage.save("abcd", chunks(data))
    assert [p for p in storage.root.rglob("*") if p.is_file()] == []


async def test_chinese_text_is_accepted_in_both_usual_encodings(desk: Desk) -> None:
    for encoding in ("utf-8", "gb18030"):
        *_, detected = await desk.evidence.save(f"ab{encoding}", chunks("聊天记录：对方承认了".encode(encoding)))
        assert detected == "text/plain"


async def test_a_name_cannot_lead_out_of_the_folder_or_hide_its_ending(desk: Desk) -> None:
    receipt = await hands_in(desk, await Citizen.arrives(desk), PNG, "../../etc/\u202egnp.exe")
    assert receipt.filename == "_gnp.exe"


async def test_evidence_handed_in_before_the_ticket_goes_to_it(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    receipt = await hands_in(desk, citizen, PNG)
    opened = await make_ticket(desk, citizen.conversation_id)
    async with desk.read() as session:
        assert [e.receipt for e in await evidence_of(session, ticket_id=opened.ticket.id)] == [receipt.receipt]


async def test_evidence_handed_in_after_the_ticket_goes_to_it_and_into_its_audit(desk: Desk) -> None:
    citizen = await Citizen.arrives(desk)
    opened = await make_ticket(desk, citizen.conversation_id)
    receipt = await hands_in(desk, citizen, PNG)
    async with desk.read() as session:
        assert [e.receipt for e in await evidence_of(session, ticket_id=opened.ticket.id)] == [receipt.receipt]
        assert (await audit.verify(session)).events == 2

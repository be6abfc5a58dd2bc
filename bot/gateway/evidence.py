"""Evidence: upload as a stream, receipt, verification."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

from aiohttp import BodyPartReader, MultipartReader, web

from bot.bootstrap import Desk
from bot.gateway.chat import conversation_status
from bot.gateway.keys import DESK, LIMITS, WORDS
from bot.gateway.problems import BodyTooLarge, UploadTooSlow
from bot.gateway.requests import address_of, conversation_of, session_token
from bot.gateway.words import Words
from bot.helpdesk.errors import BadRequest, FileTooLarge
from bot.services import conversations, evidence, tickets
from bot.services.evidence import EvidenceReceipt

_CHUNK_BYTES = 64 * 1024
_FIELD_MAX_BYTES = 500
_MAX_FIELDS = 6
_SILENCE_SECONDS = 30.0
#: What the multipart frame adds to the file itself.
_FRAME_BYTES = 16 * 1024


@dataclass(frozen=True)
class Owner:
    """What an uploaded file belongs to: the conversation, or a ticket opened by number and code."""

    conversation_id: str | None
    ticket_id: str | None


async def upload(request: web.Request) -> web.Response:
    """Store one file: `multipart/form-data` with `file`, and before it, without a session token,
    `session`, or `number` and `code` of a ticket."""
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_uploads.take(address_of(request), desk.clock())
    if (request.content_length or 0) > desk.evidence.max_bytes + _FRAME_BYTES:
        raise FileTooLarge(limit_mb=desk.settings.evidence_max_mb)
    reader = await _reader(request)
    fields, file = await _fields_and_file(reader)
    owner = await _owner(request, desk, fields)
    receipt = await _store(desk, request.config_dict[WORDS], reader, file, owner)
    return web.json_response(public_receipt(receipt), status=201)


async def verify(request: web.Request) -> web.Response:
    """Hash the stored original again and say whether it is what was handed in.

    The receipt proves nothing about the content and names no person; the file name, which may,
    is left out, and so is the row's id.
    """
    desk = request.config_dict[DESK]
    request.config_dict[LIMITS].address_lookups.take(address_of(request), desk.clock())
    async with desk.read() as session:
        receipt = await evidence.verify_receipt(session, desk.evidence, request.match_info["receipt"])
    return web.json_response({**public_receipt(receipt, with_name=False), "intact": receipt.intact})


def public_receipt(receipt: EvidenceReceipt, *, with_name: bool = True) -> dict[str, object]:
    """Return a receipt without what only staff need."""
    hidden = {"id", "intact"} if with_name else {"id", "intact", "filename"}
    return {name: value for name, value in receipt.to_json().items() if name not in hidden}


async def _reader(request: web.Request) -> MultipartReader:
    if request.content_type != "multipart/form-data":
        raise BadRequest(field="content-type")
    return await _in_time(request.multipart())


async def _fields_and_file(reader: MultipartReader) -> tuple[dict[str, str], BodyPartReader]:
    fields: dict[str, str] = {}
    for _ in range(_MAX_FIELDS):
        part = await _in_time(reader.next())
        if not isinstance(part, BodyPartReader):
            break
        if part.name == "file" and part.filename:
            return fields, part
        fields[part.name or ""] = await _field(part)
    raise BadRequest(field="file")


async def _field(part: BodyPartReader) -> str:
    value = await _in_time(part.read_chunk(_FIELD_MAX_BYTES + 1))
    if len(value) > _FIELD_MAX_BYTES or (not part.at_eof() and await _in_time(part.read_chunk(1))):
        raise BodyTooLarge
    return bytes(value).decode("utf-8", errors="replace").strip()


async def _owner(request: web.Request, desk: Desk, fields: dict[str, str]) -> Owner:
    """Return what the file belongs to, before a byte of it is stored.

    Raises:
        SessionInvalid: Neither a good token nor number and code.
        TicketNotFound: Wrong number or wrong code.
    """
    if "number" in fields:
        request.config_dict[LIMITS].address_lookups.take(address_of(request), desk.clock())
        async with desk.read() as session:
            ticket = await tickets.look_up(
                session, desk.office, fields["number"], fields.get("code", "")
            )
        return Owner(None, ticket.id)
    conversation_id = conversation_of(request, session_token(request, fields))
    async with desk.read() as session:
        await conversation_status(desk, session, conversation_id)
    return Owner(conversation_id, None)


async def _store(
    desk: Desk, words: Words, reader: MultipartReader, file: BodyPartReader, owner: Owner
) -> EvidenceReceipt:
    """Save the original first; the row, and a message that shows the receipt, come in one commit."""
    stored = await desk.evidence.save(uuid.uuid4().hex, _chunks(reader, file))
    now = desk.clock()
    async with desk.begin() as session:
        receipt = await evidence.store_evidence(
            session,
            desk.evidence,
            stored,
            filename=file.filename or "",
            uploader=owner.conversation_id or f"ticket:{owner.ticket_id}",
            conversation_id=owner.conversation_id,
            ticket_id=owner.ticket_id,
            now=now,
        )
        if owner.conversation_id:
            conversation = await conversations.locked(session, owner.conversation_id)
            text = words["evidence_stored"].format(filename=receipt.filename)
            body: dict[str, object] = {"evidence": public_receipt(receipt)}
            message = conversations.next_visible(conversation, "system", text, now=now, body=body)
            session.add(message)
            conversations.owe_a_word(conversation, now)
            await session.flush()
            conversations.announce_message(session, conversation)
    return receipt


async def _chunks(reader: MultipartReader, file: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await _in_time(file.read_chunk(_CHUNK_BYTES)):
        yield bytes(chunk)
    # aiohttp takes the end of the body for the end of the part; looking for what follows fails
    # where the closing boundary is missing, and half a file is no original.
    await _in_time(reader.next())


async def _in_time[T](step: Awaitable[T]) -> T:
    """Await one step of reading.

    Raises:
        UploadTooSlow: No byte came for `_SILENCE_SECONDS`.
        BadRequest: The body is not the multipart it should be, or ends too early.
    """
    try:
        async with asyncio.timeout(_SILENCE_SECONDS):
            return await step
    except TimeoutError as error:
        raise UploadTooSlow from error
    except (ValueError, AssertionError, web.RequestPayloadError) as error:
        # aiohttp's multipart reader asserts where it meets a broken frame.
        raise BadRequest(field="body") from error

"""Evidence: originals kept byte for byte, with a receipt that anybody can verify later.

The type is judged by content, never by the name. A file is written to a draft while its hash
is computed, then moved into place; the row that names it comes last, so a crash leaves at most
an unnamed file, never a receipt without one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import filetype
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.helpdesk.errors import EmptyFile, EvidenceNotFound, FileTooLarge, TypeNotAllowed
from bot.helpdesk.identifiers import normalise_code
from bot.services import audit
from bot.services.conversations import locked
from bot.services.ids import new_id
from bot.services.signing import code_from
from bot.services.tickets import touch
from bot.store.tables import Evidence, Ticket

#: What a citizen may hand in: pictures, sound, video, documents, archives. No programs, no web pages.
ALLOWED_TYPES = frozenset(
    {
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/tiff", "image/bmp",
        "audio/mpeg", "audio/x-wav", "audio/amr", "audio/mp4", "audio/m4a", "audio/ogg",
        "video/mp4", "video/quicktime", "video/x-matroska", "video/webm", "video/x-msvideo",
        "application/pdf", "application/zip", "application/x-7z-compressed",
        "application/x-rar-compressed", "application/msword", "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "text/plain",
    }
)  # fmt: skip
RECEIPT_LENGTH = 14
_HEAD_BYTES = 8192
_ACTIVE_TEXT = re.compile(rb"<\s*(?:!doctype|html|svg|script|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class EvidenceReceipt:
    """What the citizen keeps: with it anybody can check that the file has not changed since."""

    id: str
    receipt: str
    filename: str
    size_bytes: int
    sha256: str
    detected_type: str
    stored_at: datetime
    intact: bool = True

    def to_json(self) -> dict[str, object]:
        """Return the receipt as the HTTP interface shows it."""
        return {**asdict(self), "stored_at": self.stored_at.isoformat()}


class EvidenceStorage:
    """The folder of originals.

    Args:
        root: Folder; made when the first file comes.
        max_bytes: Largest file accepted.
    """

    def __init__(self, root: Path, max_bytes: int) -> None:
        self.root = root
        self.max_bytes = max_bytes

    async def save(self, name: str, chunks: AsyncIterator[bytes]) -> tuple[str, int, str, str]:
        """Write the stream; return (relative path, size, SHA-256 hex, detected type).

        Raises:
            EmptyFile: Not one byte came.
            FileTooLarge: More than `max_bytes` came; the draft is gone.
            TypeNotAllowed: By its content this is nothing that is accepted; the draft is gone.
        """
        folder = self.root / name[:2]
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        draft = folder / f"{name}.part"
        try:
            size, sha256, head = await self._write(draft, chunks)
            detected = _detect(head, size)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        final = folder / name
        await asyncio.to_thread(_settle, draft, final)
        return str(final.relative_to(self.root)), size, sha256, detected

    async def _write(self, draft: Path, chunks: AsyncIterator[bytes]) -> tuple[int, str, bytes]:
        digest, size, head = hashlib.sha256(), 0, b""
        with draft.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self.max_bytes:
                    raise FileTooLarge(limit_mb=self.max_bytes // 2**20)
                if len(head) < _HEAD_BYTES:
                    head += chunk[: _HEAD_BYTES - len(head)]
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return size, digest.hexdigest(), head

    def file(self, relative: str) -> Path:
        """Return the path of a stored original."""
        return self.root / relative

    async def hash_of(self, relative: str) -> str | None:
        """Return the SHA-256 of what lies on disk now, None if it is gone."""

        def read() -> str | None:
            path = self.file(relative)
            if not path.is_file():
                return None
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()

        return await asyncio.to_thread(read)


def _settle(draft: Path, final: Path) -> None:
    """Give the written file its name, so that a power cut after the receipt cannot undo it."""
    draft.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _detect(head: bytes, size: int) -> str:
    if not size:
        raise EmptyFile
    kind = filetype.guess(head)
    mime = kind.mime if kind else _plain_text(head)
    if mime not in ALLOWED_TYPES:
        raise TypeNotAllowed(detected=mime or "unknown")
    return mime


def _plain_text(head: bytes) -> str | None:
    """Accept text without markup: a page or an SVG could run when somebody opens it."""
    if b"\0" in head or _ACTIVE_TEXT.search(head):
        return None
    for encoding in ("utf-8", "gb18030"):
        try:
            head[: len(head) - 3 if len(head) == _HEAD_BYTES else None].decode(encoding)
        except UnicodeDecodeError:
            continue
        return "text/plain"
    return None


async def store_evidence(
    session: AsyncSession,
    storage: EvidenceStorage,
    stored: tuple[str, int, str, str],
    *,
    filename: str,
    uploader: str,
    conversation_id: str | None = None,
    ticket_id: str | None = None,
    now: datetime,
) -> EvidenceReceipt:
    """Record a saved original and return its receipt.

    Args:
        conversation_id: Where it was sent; it goes to that conversation's newest open ticket.
        stored: What `EvidenceStorage.save` returned. Saving is apart, so that no transaction
            is open while a slow phone uploads.
    """
    path, size, sha256, detected = stored
    if conversation_id:
        await locked(session, conversation_id)
    ticket = await _ticket_for(session, ticket_id, conversation_id)
    row = Evidence(
        id=new_id(now),
        receipt=code_from(secrets.token_bytes(32), RECEIPT_LENGTH),
        conversation_id=conversation_id,
        ticket_id=ticket.id if ticket else None,
        filename=_safe_name(filename),
        size_bytes=size,
        sha256=sha256,
        detected_type=detected,
        path=path,
        uploader=uploader,
        stored_at=now,
    )
    session.add(row)
    if ticket:
        audit.record(
            session, ticket, actor="citizen", action="ticket.evidence_added", now=now,
            new={"receipt": row.receipt, "sha256": sha256},
        )  # fmt: skip
        touch(session, ticket, now)
    await session.flush()
    return _receipt(row)


async def _ticket_for(
    session: AsyncSession, ticket_id: str | None, conversation_id: str | None
) -> Ticket | None:
    """Return the locked ticket that a file belongs to: the one named, else the conversation's
    newest that is not finished; None before the first, which then takes the file along."""
    query = select(Ticket).with_for_update()
    if ticket_id:
        return await session.scalar(query.where(Ticket.id == ticket_id))
    newest = query.where(Ticket.conversation_id == conversation_id, ~Ticket.is_finished)
    return await session.scalar(newest.order_by(Ticket.opened_at.desc()).limit(1))


def _safe_name(filename: str) -> str:
    """Keep the last part of the name without control characters; it is only ever shown."""
    last = re.split(r"[\\/]", filename)[-1]
    return re.sub(r"[\x00-\x1f\x7f\"<>|:*?\u202a-\u202e\u2066-\u2069]", "_", last).strip()[:200] or "未命名"


def _receipt(row: Evidence, *, intact: bool = True) -> EvidenceReceipt:
    names = EvidenceReceipt.__dataclass_fields__.keys() - {"intact"}
    return EvidenceReceipt(**{name: getattr(row, name) for name in names}, intact=intact)


async def verify_receipt(
    session: AsyncSession, storage: EvidenceStorage, receipt: str
) -> EvidenceReceipt:
    """Hash the stored original again and say whether it is what was handed in.

    Raises:
        EvidenceNotFound: No file has this receipt.
    """
    code = normalise_code(receipt)
    row = await session.scalar(select(Evidence).where(Evidence.receipt == code))
    if row is None:
        raise EvidenceNotFound
    return _receipt(row, intact=await storage.hash_of(row.path) == row.sha256)


async def evidence_of(
    session: AsyncSession, *, ticket_id: str | None = None, conversation_id: str | None = None
) -> list[EvidenceReceipt]:
    """Return the receipts of a ticket or of a conversation, oldest first."""
    query = select(Evidence).order_by(Evidence.stored_at, Evidence.id)
    if ticket_id:
        query = query.where(Evidence.ticket_id == ticket_id)
    else:
        query = query.where(Evidence.conversation_id == conversation_id)
    return [_receipt(row) for row in await session.scalars(query)]


async def stored_file(
    session: AsyncSession, storage: EvidenceStorage, evidence_id: str
) -> tuple[EvidenceReceipt, Path]:
    """Return an original for staff to download.

    Raises:
        EvidenceNotFound: There is none with this id, or its file is gone.
    """
    row = await session.get(Evidence, evidence_id)
    if row is None or not storage.file(row.path).is_file():
        raise EvidenceNotFound
    return _receipt(row), storage.file(row.path)

"""Staff API: evidence, handed out as a download and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

import structlog
from aiohttp import web

from bot.attachments import attachment
from bot.console.keys import AGENT, DESK
from bot.services import access
from bot.services.evidence import verify_receipt

log = structlog.get_logger()

#: Even a browser that opened the file in a tab could run nothing in it.
DOWNLOAD_CSP = "default-src 'none'; sandbox; frame-ancestors 'none'"
#: Endings that fit each accepted type, the usual one first. Kept here because the system's own
#: table differs from machine to machine.
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/tiff": (".tif", ".tiff"),
    "image/bmp": (".bmp",),
    "audio/mpeg": (".mp3",),
    "audio/x-wav": (".wav",),
    "audio/amr": (".amr",),
    "audio/mp4": (".m4a", ".mp4"),
    "audio/m4a": (".m4a",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/x-matroska": (".mkv",),
    "video/webm": (".webm",),
    "video/x-msvideo": (".avi",),
    "application/pdf": (".pdf",),
    "application/zip": (".zip", ".docx", ".xlsx", ".pptx"),
    "application/x-7z-compressed": (".7z",),
    "application/x-rar-compressed": (".rar",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/json": (".json",),
    "text/plain": (".txt", ".csv", ".log", ".md"),
}


async def download(request: web.Request) -> web.StreamResponse:
    """Send a stored original, byte for byte; who took it is recorded.

    Raises:
        EvidenceNotFound: There is none with this id for this agent, or its file is gone.
    """
    desk = request.config_dict[DESK]
    async with desk.begin() as session:
        receipt, path = await access.download(
            session, desk.evidence, request[AGENT], request.match_info["id"], now=desk.clock()
        )
    log.info("evidence.downloaded", evidence_id=receipt.id, agent_id=request[AGENT].id)
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": disposition(receipt.filename, receipt.detected_type),
            "Content-Security-Policy": DOWNLOAD_CSP,
            "Cache-Control": "no-store",
        },
    )


def disposition(filename: str, detected_type: str) -> str:
    """Return the header that makes a browser save the file under a harmless name."""
    return attachment(safe_name(filename, detected_type))


def safe_name(filename: str, detected_type: str) -> str:
    """Return the name with an ending that belongs to the content.

    A batch file is plain text by its content; under its own name a double click would run it.
    """
    fitting = SUFFIXES.get(detected_type, (".bin",))
    return filename if PurePath(filename).suffix.lower() in fitting else filename + fitting[0]


async def verification(request: web.Request) -> web.Response:
    """Hash the stored original again and say whether it is what was handed in.

    Raises:
        EvidenceNotFound: No file has this receipt, or it is not for this agent.
    """
    desk = request.config_dict[DESK]
    async with desk.read() as session:
        evidence_id = await access.evidence_id_of(session, request.match_info["receipt"])
        await access.access_evidence(session, request[AGENT], evidence_id)
        receipt = await verify_receipt(session, desk.evidence, request.match_info["receipt"])
    return web.json_response({"intact": receipt.intact, "sha256": receipt.sha256})

"""A mail server and a webhook receiver on 127.0.0.1, which keep what they get and fail on demand."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class MailSink:
    """An SMTP server of the simplest kind.

    Attributes:
        answer: What it says to the end of a mail; `250 …` takes it.
    """

    port: int = 0
    answer: str = "250 taken"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        say("220 sink")
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ")[0].upper()
            if word == "RCPT":
                self.recipients.append(line.partition("<")[2].rstrip(">"))
            if word == "DATA":
                say("354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                if self.answer.startswith("250"):
                    self.mails.append(email.message_from_bytes(raw[:-5], policy=email.policy.default))
                say(self.answer)
            elif word == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()


@asynccontextmanager
async def mail_sink() -> AsyncIterator[MailSink]:
    sink = MailSink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    yield sink
    server.close()


@dataclass
class Got:
    """One call."""

    headers: dict[str, str]
    body: bytes


@dataclass
class HookSink:
    """A webhook receiver.

    Attributes:
        answers: What to answer, one after the other: status, or status with headers; then 200.
        is_silent: Lets every caller wait.
    """

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    is_silent: bool = False
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(Got(dict(request.headers), await request.read()))
        if self.is_silent:
            await self._end.wait()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers, text="答复")

    def end(self) -> None:
        self._end.set()


@asynccontextmanager
async def hook_sink() -> AsyncIterator[HookSink]:
    sink, app = HookSink(), web.Application()
    app.router.add_post("/{rest:.*}", sink.take)
    server = TestServer(app)
    await server.start_server()
    sink.url = str(server.make_url("/in?token=hidden"))
    yield sink
    sink.end()
    await server.close()

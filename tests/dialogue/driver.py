"""The engine as a process, and a citizen who talks to it."""

import http.client
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-engine" / "bin" / "python"
TOKEN = "test-token"
_START_SECONDS = 180


class EngineProcess:
    """`python -m bot.engine`, on a free port."""

    def __init__(self, model: Path, action_url: str, log: Path) -> None:
        self.model, self.log = model, log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._out = log.open("w")
        self._process = subprocess.Popen(
            [str(PYTHON), "-m", "bot.engine", "--port", str(self.port), "--model", str(model)],
            cwd=ROOT,
            env={**os.environ, "RIGHTSDESK_ENGINE_TOKEN": TOKEN, "RIGHTSDESK_ACTION_URL": action_url},
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )

    def wait_until_ready(self) -> None:
        """Wait for the health page; fail with the log if the process ends first."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if self.request("GET", "/webhooks/desk/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the engine did not start:\n" + self.log.read_text()[-4000:])

    def request(self, method: str, path: str, body: Any = None, token: str | None = TOKEN) -> tuple[int, Any]:
        """Send a request; return status and JSON."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def stop(self) -> None:
        """Stop it as the process manager does."""
        self._process.terminate()
        self._process.wait(30)
        self._out.close()


@dataclass
class Reply:
    """What came back for one message."""

    body: dict[str, Any]

    @property
    def texts(self) -> str:
        return "\n".join(message["text"] or "" for message in self.body["messages"])

    @property
    def customs(self) -> list[dict[str, Any]]:
        return [message["custom"] for message in self.body["messages"] if message["custom"]]

    @property
    def buttons(self) -> list[str]:
        return [button["title"] for message in self.body["messages"] for button in message["buttons"]]

    @property
    def intent(self) -> str:
        return str(self.body["nlu"]["intent"])

    @property
    def article(self) -> str | None:
        article: str | None = self.body["nlu"]["article_id"]
        return article

    @property
    def asked(self) -> str | None:
        slot: str | None = self.body["requested_slot"]
        return slot

    @property
    def slots(self) -> dict[str, Any]:
        slots: dict[str, Any] = self.body["slots"]
        return slots


@dataclass
class Citizen:
    """Sends messages as the desk does, keeping the state between them."""

    engine: EngineProcess
    name: str = "web:test"
    state: Any = None
    said: int = field(default=0)
    #: What a person settled; given with the next message, as the desk does.
    settled: Any = None
    #: Port of the desk process whose turns these are; None for the one that the engine knows.
    action_port: int | None = None

    def say(self, text: str) -> Reply:
        """Send one message and keep the state that comes back."""
        status, body = self.send(text)
        assert status == 200, body
        # Through JSON, as the desk stores it.
        self.state, self.settled = json.loads(json.dumps(body["state"])), None
        return Reply(body)

    def say_all(self, *texts: str) -> Reply:
        """Send several messages; return the last reply."""
        for text in texts[:-1]:
            self.say(text)
        return self.say(texts[-1])

    def send(self, text: str) -> tuple[int, Any]:
        """Send one message without keeping anything."""
        self.said += 1
        return self.engine.request(
            "POST",
            "/webhooks/desk/turn",
            {
                "conversation": self.name,
                "message_id": f"m{self.said}",
                "text": text,
                "state": self.state,
                "metadata": {"today": "2026-11-20", "failed_tries": 0}
                | ({"settled": self.settled} if self.settled else {}),
            }
            | ({"action_port": self.action_port} if self.action_port else {}),
        )

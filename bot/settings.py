"""Settings: environment variables with the prefix RIGHTSDESK_, a file in the data folder, defaults.

Secrets are never defaults: `load_secrets` makes random ones on first use and keeps them in the
data folder, readable by the owner only.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.helpdesk.permissions import SecondFactorRule
from bot.helpdesk.presence import Assignment

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an operator can set; the README table lists every field.

    Times are in seconds, sizes in bytes unless the name says otherwise.
    """

    model_config = SettingsConfigDict(env_prefix="RIGHTSDESK_", extra="ignore")

    root: Path = PROJECT_ROOT
    data_dir: Path = PROJECT_ROOT / "var"
    database_url: str | None = None
    desk_processes: PositiveInt = 1
    host: str = "127.0.0.1"
    port: int = 12330
    internal_port: int = 12331
    engine_port: int = 12332
    public_url: str | None = None
    trusted_proxies: int = 0
    centre_name: str = "知识产权维权援助中心"

    message_max_chars: int = 2000
    evidence_max_mb: int = 20
    turn_timeout_seconds: float = 20.0
    engine_timeout_seconds: float = 12.0
    engine_grace_seconds: float = 6.0
    session_messages_per_minute: int = 30
    address_messages_per_minute: int = 120
    address_sessions_per_hour: int = 60
    address_lookups_per_minute: int = 10
    address_uploads_per_hour: int = 60
    address_tickets_per_hour: int = 30
    staff_session_hours: int = 12
    staff_idle_minutes: int = 120
    second_factor: SecondFactorRule = SecondFactorRule.OPTIONAL
    sweep_interval_seconds: float = 20.0
    draft_days: int = 30
    notice_days: int = Field(default=180, ge=1)

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str = "rightsdesk@localhost"
    webhook_allow_private: bool = False
    delivery_interval_seconds: float = 5.0
    handoff_nudge_minutes: float = 3.0
    handoff_requeue_minutes: float = 3.0
    handoff_return_days: int = 7
    handoff_assignment: Assignment = Assignment.CLAIM
    handoff_anyone_minutes: float = 5.0
    presence_timeout_seconds: float = 60.0

    secret_key: SecretStr | None = None
    operator_token: SecretStr | None = None
    engine_token: SecretStr | None = None
    action_token: SecretStr | None = None

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL: the one set, else SQLite in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'rightsdesk.db'}"

    @property
    def knowledge_dir(self) -> Path:
        """Return the folder of articles, laws, forms, calendars and policies."""
        return self.root / "knowledge_base"


class Secrets(BaseModel):
    """The four secrets of one installation."""

    secret_key: SecretStr
    operator_token: SecretStr
    engine_token: SecretStr
    action_token: SecretStr


def load_secrets(settings: Settings) -> Secrets:
    """Return the installation's secrets, making and keeping random ones for those not set."""
    path = settings.data_dir / "secrets.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    values: dict[str, str] = {}
    for name in Secrets.model_fields:
        given: SecretStr | None = getattr(settings, name)
        values[name] = given.get_secret_value() if given else kept.get(name) or secrets.token_urlsafe(32)
    made = {name: value for name, value in values.items() if getattr(settings, name) is None}
    if not made.items() <= kept.items():
        write_private(path, json.dumps({**kept, **made}))
    return Secrets(**{name: SecretStr(value) for name, value in values.items()})


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)

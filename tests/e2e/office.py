"""An installation whose office never closes, so that no journey depends on when it is run.

It is the repository seen through links, with a calendar of its own; RIGHTSDESK_ROOT points to it.
"""

from datetime import timedelta
from pathlib import Path

import yaml

from bot.bootstrap import utc_now
from bot.settings import PROJECT_ROOT

_LINKED = (".venv-engine", "actions", "bot", "config.yml", "models", "nlu_data")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: A day's last minute is missing: the calendar has no 24:00. Nothing here needs it.
ALL_DAY = "00:00-23:59"


def make_root(folder: Path) -> Path:
    """Make the root in a new folder and return it."""
    folder.mkdir()
    (PROJECT_ROOT / "models").mkdir(exist_ok=True)
    for name in _LINKED:
        (folder / name).symlink_to(PROJECT_ROOT / name)
    knowledge = folder / "knowledge_base"
    knowledge.mkdir()
    for part in (PROJECT_ROOT / "knowledge_base").iterdir():
        if part.name != "calendar":
            (knowledge / part.name).symlink_to(part)
    _write_calendar(knowledge / "calendar")
    return folder


def _write_calendar(folder: Path) -> None:
    folder.mkdir()
    real = yaml.safe_load((PROJECT_ROOT / "knowledge_base" / "calendar" / "frames.yml").read_text("utf-8"))
    frames = {"version": real["version"], "zone": real["zone"], "frames": {day: [ALL_DAY] for day in _WEEKDAYS}}
    (folder / "frames.yml").write_text(yaml.safe_dump(frames), "utf-8")
    now = utc_now()
    for year in {now.year, (now + timedelta(days=120)).year}:
        known = {
            "year": year,
            "source": {"title": "test", "date": now.date()},
            "holidays": [],
            "makeup_days": [],
        }
        (folder / f"{year}.yml").write_text(yaml.safe_dump(known), "utf-8")

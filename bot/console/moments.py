"""Instants as people in China read them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def moment(at: datetime) -> str:
    """Return `2026-11-20 17:30`, in Chinese time."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def near(at: datetime, now: datetime) -> str:
    """Return `11-20 17:30`, with the year only if it is not the present one."""
    same_year = at.astimezone(ZONE).year == now.astimezone(ZONE).year
    return day_time(at) if same_year else moment(at)


def day_time(at: datetime) -> str:
    """Return `11-23 09:00`, in Chinese time."""
    return at.astimezone(ZONE).strftime("%m-%d %H:%M")


def day(at: datetime) -> str:
    """Return `11-23`, in Chinese time."""
    return at.astimezone(ZONE).strftime("%m-%d")

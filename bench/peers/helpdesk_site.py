"""The smallest Django project for django-helpdesk, as its installation guide tells; settings, addresses, WSGI.

Settings not named in the guide stay at their defaults; mail goes nowhere (Django's dummy backend).
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

_HOME = Path(os.environ["BENCH_HELPDESK_HOME"])
_POSTGRES = os.environ.get("BENCH_HELPDESK_POSTGRES", "")


def _database() -> dict[str, object]:
    if not _POSTGRES:
        # Not Django's default, but without it writers at once fail with "database is locked".
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(_HOME / "db.sqlite3"), "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE"}}
    parts = urlsplit(_POSTGRES)
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path.lstrip("/"), "USER": parts.username,
        "HOST": parts.hostname, "PORT": parts.port,
    }  # fmt: skip


SECRET_KEY = "bench"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
USE_TZ = True
STATIC_URL = "/static/"
MEDIA_ROOT = str(_HOME / "media")
LOGIN_URL = "helpdesk:login"
LOGIN_REDIRECT_URL = "helpdesk:home"
SITE_ID = 1
ROOT_URLCONF = "helpdesk_urls"
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
    "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.admin", "django.contrib.humanize",
    "rest_framework", "helpdesk",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGGING_CONFIG = None
# What the guide asks for where the optional package for teams is not installed.
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_TEAMS_MODEL = "auth.User"
HELPDESK_TEAMS_MIGRATION_DEPENDENCIES: list[object] = []

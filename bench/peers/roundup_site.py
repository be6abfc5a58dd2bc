"""Roundup's WSGI application for the bench's tracker, with the cache that its documentation recommends."""

from __future__ import annotations

import os

from roundup.cgi.wsgi_handler import RequestDispatcher

application = RequestDispatcher(os.environ["BENCH_ROUNDUP_HOME"], feature_flags={"cache_tracker": ""})

"""Figures of the gateway for Prometheus."""

from __future__ import annotations

import time

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Metrics:
    """The gateway's own registry, so that two applications in one process do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "rightsdesk_gateway_requests", "Requests by route, method and status",
            ("route", "method", "status"), registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "rightsdesk_gateway_request_seconds", "Time to answer, by route",
            ("route",), registry=self.registry, buckets=_BUCKETS,
        )  # fmt: skip
        self.sockets = Gauge(
            "rightsdesk_gateway_sockets", "Open WebSockets of citizens", registry=self.registry
        )
        self.listeners = Gauge(
            "rightsdesk_hub_listeners", "Listeners on the live hub", registry=self.registry
        )
        self.inbound = Gauge(
            "rightsdesk_inbound_messages",
            "Inbound messages by status; what is not received yet is answered, queued or suppressed",
            ("status",), registry=self.registry,
        )  # fmt: skip
        self.waiting_seconds = Gauge(
            "rightsdesk_inbound_waiting_seconds",
            "For how long the oldest inbound message waits that is not answered, queued or suppressed",
            registry=self.registry,
        )

    def observe(self, request: web.Request, status: int, started: float) -> None:
        """Count one request; `started` is from `time.perf_counter`."""
        route = route_of(request)
        self.requests.labels(route, request.method, status).inc()
        self.seconds.labels(route).observe(time.perf_counter() - started)


def route_of(request: web.Request) -> str:
    """Return the pattern that the address matched; never the address itself, which names tickets."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"

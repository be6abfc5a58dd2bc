"""Serve a trained model to the desk, on 127.0.0.1 only.

    RIGHTSDESK_ENGINE_TOKEN=… RIGHTSDESK_ACTION_URL=http://127.0.0.1:8081/internal/actions?token=… \
        .venv-engine/bin/python -m bot.engine --port 5005 --model models/20261120-093000.tar.gz

A thin runner around Rasa's `serve_application`, instead of `rasa run`, for three reasons: the HTTP API
that can read and rewrite conversations stays off, actions are called through `action_endpoint.py`, and
a model that does not load ends the process instead of leaving a server that answers nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from asyncio import AbstractEventLoop
from functools import partial
from typing import TYPE_CHECKING, List, Optional

from bot.engine.runtime import REPOSITORY, configure_logging, prepare_environment, progress

if TYPE_CHECKING:
    from sanic import Sanic

    from bot.engine.action_endpoint import DeskActionEndpoint

HERE = REPOSITORY / "bot" / "engine"
LOOPBACK = "127.0.0.1"
#: Exit code when the model cannot be loaded: it was made by other code; the process manager trains anew.
UNFIT_MODEL = 3
NEEDED = ("RIGHTSDESK_ENGINE_TOKEN", "RIGHTSDESK_ACTION_URL")


def main(arguments: Optional[List[str]] = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    options = _options(arguments)
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        print(f"engine: set {' and '.join(missing)}", file=sys.stderr)
        return 2
    if not os.path.isfile(options.model):
        print(f"engine: no such model: {options.model}", file=sys.stderr)
        return 2
    prepare_environment("WARNING")
    progress("loading libraries")
    return _serve(options.model, options.port)


def _options(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bot.engine", description="Serve a trained model to the desk.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--model", required=True, help="a .tar.gz made by bot.engine.train")
    return parser.parse_args(arguments)


def _serve(model: str, port: int) -> int:
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints

    from bot.engine.action_endpoint import DeskActionEndpoint, trust_checked_answers

    configure_logging()
    endpoints = AvailableEndpoints.read_endpoints(str(HERE / "endpoints.yml"))
    endpoints.action = DeskActionEndpoint.from_config(endpoints.action)
    trust_checked_answers()
    progress(f"loading {os.path.basename(model)}")
    failed: List[str] = []
    serve_application(
        model_path=model,
        interface=LOOPBACK,
        port=port,
        credentials=str(HERE / "credentials.yml"),
        endpoints=endpoints,
        enable_api=False,
        server_listeners=[
            (partial(_announce, port, failed), "after_server_start"),
            (partial(_close, endpoints.action), "after_server_stop"),
        ],
    )
    return UNFIT_MODEL if failed else 0


async def _announce(port: int, failed: List[str], app: Sanic, loop: AbstractEventLoop) -> None:
    if app.ctx.agent.is_ready():
        progress(f"ready on http://{LOOPBACK}:{port}")
        return
    failed.append("model")
    progress("the model could not be loaded, see above")
    app.stop()


async def _close(endpoint: DeskActionEndpoint, app: Sanic, loop: AbstractEventLoop) -> None:
    await endpoint.close()


if __name__ == "__main__":
    sys.exit(main())

"""`rightsdesk up`: starts engine and desk, watches them, restarts what ends, stops both cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp

from bot.ops.first_start import first_staff_login
from bot.ops.models import current_model, engine_python, train
from bot.ops.state import RENEW, RunState, held, take_leftover, write_state
from bot.settings import Settings, load_secrets

Say = Callable[[str], None]

_READY_TIMEOUT = 180.0
_STOP_TIMEOUT = 15.0
_RESTART_DELAYS = (0.5, 1.0, 2.0, 5.0, 10.0)
#: A process that ran this long starts with the shortest delay again.
_HEALTHY_AFTER = 60.0
_HEALTH_INTERVAL = 15.0
_HEALTH_MISSES = 4
#: Exit code of `bot.engine` (an environment of its own) when it cannot load the model.
_UNFIT_MODEL = 3
#: From linux/prctl.h.
_PR_SET_PDEATHSIG = 1


class StartFailed(Exception):
    """A process did not get ready; its last words are in the log named in the message."""


class ModelUnfit(StartFailed):
    """The engine cannot load the model, which was made by other code; train another."""


class PortTaken(Exception):
    """Something else listens on the public port; choose another with `--port`."""


class Child:
    """One process that is kept running.

    Args:
        log: File that receives what the process prints.
    """

    def __init__(self, name: str, command: list[str], env: dict[str, str], log: Path, cwd: Path) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._log = log
        self._cwd = cwd
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._started = 0.0
        self._is_wanted_anew = False
        self.restarts = 0
        self.exit_code: int | None = None

    @property
    def pid(self) -> int | None:
        """Return the running process, None between two."""
        return self._process.pid if self._process else None

    @property
    def is_loading(self) -> bool:
        """Tell whether it was started again so recently that it need not answer yet."""
        return self.restarts > 0 and time.monotonic() - self._started < _READY_TIMEOUT

    async def keep_running(self) -> None:
        """Run the process, and again whenever it ends, until `stop`."""
        failures = 0
        while not self._stopping:
            self._started = time.monotonic()
            try:
                await self._run_once()
            except OSError as error:
                # Its environment may be being installed anew; it is tried again like one that ended.
                self._say_in_log(f"cannot start: {error}")
            if self._stopping:
                return
            was_well = self._is_wanted_anew or time.monotonic() - self._started > _HEALTHY_AFTER
            failures, self._is_wanted_anew = 0 if was_well else failures + 1, False
            self.restarts += 1
            await asyncio.sleep(_RESTART_DELAYS[min(failures, len(_RESTART_DELAYS) - 1)])

    async def _run_once(self) -> None:
        await self._start()
        assert self._process is not None
        if self._stopping:
            # `stop` came while this one was being started, and saw the one before it.
            await self.stop()
        self.exit_code = await self._process.wait()

    def _say_in_log(self, words: str) -> None:
        # A full disk must not end the supervision.
        with contextlib.suppress(OSError), self._log.open("a") as log:
            log.write(f"manager: {self.name}: {words}\n")

    def restart(self, why: str) -> None:
        """End the process by force; `keep_running` starts it again."""
        if self._process and self._process.returncode is None:
            self._say_in_log(f"restarted: {why}")
            self._process.kill()

    async def _start(self) -> None:
        with self._log.open("ab") as log:
            # A process group of its own: Ctrl-C in the terminal reaches the manager only, which
            # then stops the processes in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._env, cwd=self._cwd, stdout=log, stderr=log,
                stdin=asyncio.subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_manager,
            )  # fmt: skip

    async def renew(self) -> None:
        """End the process like `stop`; `keep_running` starts it again, from the program as it is now."""
        self._is_wanted_anew = True
        await self._end()

    async def stop(self) -> None:
        """End the process: first politely, after `_STOP_TIMEOUT` seconds by force."""
        self._stopping = True
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
        except TimeoutError:
            process.kill()
            await process.wait()

    def last_words(self) -> str:
        """Return the end of the process's log."""
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""


class Manager:
    """Runs one installation until told to stop."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self._say = say
        self._secrets = load_secrets(settings)
        logs = settings.data_dir / "log"
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs

    async def run(self) -> None:
        """Start everything, say where it listens, and keep it running until SIGTERM or SIGINT."""
        with held(self.settings.data_dir):
            await self._port_free()
            model = await self._model()
            try:
                await self._serve(model)
            except ModelUnfit:
                # As after an update of the program: better a few minutes late than not at all.
                self._say("retraining")
                await self._serve(await asyncio.to_thread(train, self.settings, self._say))

    async def _serve(self, model: Path) -> None:
        state = RunState(
            pid=os.getpid(), port=self.settings.port, host=self.settings.host,
            internal_port=free_port(), engine_port=free_port(), model=model.name,
            other_internal_ports=[free_port() for _ in range(self.settings.desk_processes - 1)],
        )  # fmt: skip
        write_state(self.settings.data_dir, state)
        await self._supervise(model, state)

    async def _port_free(self) -> None:
        """Wait for the desk of a manager that was killed just now: it may still be stopping."""
        leftover = take_leftover(self.settings.data_dir)
        ours = leftover is not None and leftover.port == self.settings.port
        deadline = time.monotonic() + (_STOP_TIMEOUT if ours else 0)
        while True:
            try:
                return check_port(self.settings.host, self.settings.port)
            except PortTaken:
                if time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(0.2)

    async def _model(self) -> Path:
        model = current_model(self.settings)
        if model is None:
            self._say("training")
            model = await asyncio.to_thread(train, self.settings, self._say)
        return model

    async def _supervise(self, model: Path, state: RunState) -> None:
        engine, desks = self._engine(model, state), self._desks(state)
        stop, renew = asyncio.Event(), asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        asyncio.get_running_loop().add_signal_handler(RENEW, renew.set)
        self._say("starting")
        login = await first_staff_login(self.settings)
        running = [asyncio.create_task(child.keep_running()) for child in (engine, *desks)]
        renewing = asyncio.create_task(self._renew_when_told(state, desks, renew))
        try:
            await self._until_ready(state, engine, desks, stop)
            if not stop.is_set():
                state = replace(state, ready=True, staff_login=login)
                write_state(self.settings.data_dir, state)
                self._say("ready")
                self._announce(state)
                await self._watch(state, engine, desks, stop)
            self._say("stopping")
        finally:
            renewing.cancel()
            # The desks first: while they end their turns they still need the engine.
            await asyncio.gather(*(desk.stop() for desk in desks))
            await engine.stop()
            await asyncio.gather(*running, renewing, return_exceptions=True)
            for name in (signal.SIGTERM, signal.SIGINT, RENEW):
                asyncio.get_running_loop().remove_signal_handler(name)

    def _announce(self, state: RunState) -> None:
        self._say(f"address {state.url}/")
        self._say(f"console {state.url}/console/")
        if state.staff_login:
            self._say(f"login {state.staff_login}")

    async def _renew_when_told(self, state: RunState, desks: Sequence[Child], renew: asyncio.Event) -> None:
        """Start the desk processes anew, one after the other: while one is away the others serve."""
        while True:
            await renew.wait()
            renew.clear()
            self._say("renewing")
            for desk, url in zip(desks, state.desk_urls, strict=True):
                await desk.renew()
                if not await _gets_ready(url):
                    self._say(f"renewing_failed {desk.name}")
                    break
            else:
                self._say("renewed")

    async def _watch(self, state: RunState, engine: Child, desks: Sequence[Child], stop: asyncio.Event) -> None:
        """Until told to stop, restart what runs but no longer answers."""
        missed = dict.fromkeys((engine, *desks), 0)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
            while not await _happens_within(stop, _HEALTH_INTERVAL):
                answers = await _all_checks(client, state)
                for desk, checks in zip(desks, answers, strict=True):
                    missed[desk] = 0 if checks else missed[desk] + 1
                is_away = any(answers) and not any(checks.get("engine") for checks in answers)
                missed[engine] = missed[engine] + 1 if is_away else 0
                for child in missed:
                    if child.is_loading:
                        missed[child] = 0
                    if missed[child] >= _HEALTH_MISSES:
                        child.restart(f"no answer {_HEALTH_MISSES} times")
                        missed[child] = 0

    async def _until_ready(
        self, state: RunState, engine: Child, desks: Sequence[Child], stop: asyncio.Event
    ) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
            while time.monotonic() < deadline and not stop.is_set():
                if all(checks.get("status") == "ready" for checks in await _all_checks(client, state)):
                    return
                if engine.exit_code == _UNFIT_MODEL:
                    raise ModelUnfit(f"engine: {engine.last_words()}")
                failed = next((c for c in (engine, *desks) if c.restarts >= 2), None)
                if failed:
                    raise StartFailed(f"{failed.name}: {failed.last_words()}")
                await asyncio.sleep(0.2)
        if not stop.is_set():
            raise StartFailed("".join(child.last_words() for child in (engine, *desks)))

    def _engine(self, model: Path, state: RunState) -> Child:
        token = self._secrets.action_token.get_secret_value()
        env = os.environ | {
            "RIGHTSDESK_ENGINE_TOKEN": self._secrets.engine_token.get_secret_value(),
            "RIGHTSDESK_ACTION_URL": f"http://127.0.0.1:{state.internal_port}/internal/actions?token={token}",
        }
        command = [
            str(engine_python(self.settings)), "-m", "bot.engine",
            "--port", str(state.engine_port), "--model", str(model),
        ]  # fmt: skip
        return Child("engine", command, env, self._logs / "engine.log", self.settings.root)

    def _desks(self, state: RunState) -> list[Child]:
        count = self.settings.desk_processes
        names = ["desk"] if count == 1 else [f"desk-{number}" for number in range(1, count + 1)]
        return [self._desk(name, state, port) for name, port in zip(names, state.internal_ports, strict=True)]

    def _desk(self, name: str, state: RunState, internal_port: int) -> Child:
        env = os.environ | _desk_environment(self.settings, state, internal_port)
        command = [sys.executable, "-m", "bot", "serve"]
        return Child(name, command, env, self._logs / f"{name}.log", self.settings.root)


def _desk_environment(settings: Settings, state: RunState, internal_port: int) -> dict[str, str]:
    values = {
        "DATA_DIR": settings.data_dir, "HOST": settings.host, "PORT": state.port,
        "INTERNAL_PORT": internal_port, "ENGINE_PORT": state.engine_port,
        "DESK_PROCESSES": settings.desk_processes,
    }  # fmt: skip
    return {f"RIGHTSDESK_{name}": str(value) for name, value in values.items()}


def _end_with_manager() -> None:
    """Ask Linux to end this process when the manager dies, even by kill -9: nobody else would, and
    the next manager would find the port and the store in use."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def _gets_ready(url: str) -> bool:
    """Wait until a desk process serves again; tells whether it did in time."""
    deadline = time.monotonic() + _READY_TIMEOUT
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
        while (await _checks(client, url)).get("status") not in ("ready", "degraded"):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.2)
    return True


async def _all_checks(client: aiohttp.ClientSession, state: RunState) -> list[dict[str, object]]:
    """Return what each desk process says of itself."""
    return await asyncio.gather(*(_checks(client, url) for url in state.desk_urls))


async def _checks(client: aiohttp.ClientSession, url: str) -> dict[str, object]:
    """Return what a desk process says of itself; nothing when it does not answer."""
    try:
        async with client.get(f"{url}/readyz") as response:
            return dict(await response.json())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}


async def _happens_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


def check_port(host: str, port: int) -> None:
    """Make sure that nobody listens on the port yet.

    Raises:
        PortTaken: Somebody does.
    """
    with socket.socket() as probe:
        # As the desk will: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"{host}:{port}") from error


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

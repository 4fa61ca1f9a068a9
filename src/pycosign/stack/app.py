"""The whole private Sigstore in this process: one event loop, one server, a listening socket per service.

A request is given to the application of the port that it came in by.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from socket import socket
from typing import Any

import uvicorn

from pycosign.ambient import Clock, Entropy, random_bytes, utc_now
from pycosign.errors import UnavailableError
from pycosign.locks import FileLock, LockedError
from pycosign.stack.asgi import ASGIApp, Receive, Scope, Send
from pycosign.stack.compose import Services, compose
from pycosign.stack.files import DataDir
from pycosign.stack.ports import bind, choose_ports, is_loopback, parse_ports, url_host
from pycosign.stack.provision import Provisioned, fresh_record, provision
from pycosign.stack.status import probe_all

__all__ = ["AlreadyRunningError", "Ready", "Stack", "dispatch_by_port", "new_event_loop", "run"]

DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 75  # longer than clients keep idle connections, so that none posts into one that just closed
Ready = Callable[[Mapping[str, str]], None]  # is given what stack.json says, once everything answers


class AlreadyRunningError(LockedError):
    """Another process serves this data directory; `pid` says which."""

    code = "stack.already-running"

    def __init__(self, path: str, pid: int | None) -> None:
        super().__init__(path, pid)
        self.args = (f"{path} is already served by process {pid if pid is not None else 'unknown'}",)


def dispatch_by_port(apps: Mapping[int, ASGIApp]) -> ASGIApp:
    """One application that gives a request to the one of the port by which it came."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    return app


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `run` handles signals, and a sandbox's thread may not."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.listening.set()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed (not on Windows), else asyncio's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Stack:
    """A data directory that is locked, made if it was new, and whose ports are bound: ready to be served.

    `with Stack(...) as stack: asyncio.run(stack.serve())`. Leaving it lets go of the lock and the ports.
    """

    def __init__(
        self,
        data_dir: str,
        *,
        ports: str | None = None,
        listen: str = "127.0.0.1",
        test_tokens: bool = True,
        clock: Clock = utc_now,
        entropy: Entropy = random_bytes,
    ) -> None:
        self.data = DataDir(data_dir)
        self._ports, self._listen, self._test_tokens = ports, listen, test_tokens
        self._clock, self._entropy = clock, entropy
        self._lock = FileLock(self.data.lock)
        self._sockets: dict[str, socket] = {}
        self._made: Provisioned | None = None
        self._server: _Server | None = None
        self._stopping = False

    @property
    def made(self) -> Provisioned:
        """The directory's keys, chains and URLs."""
        assert self._made is not None, "the stack is not open"
        return self._made

    def __enter__(self) -> "Stack":
        """Lock, bind and provision.

        Raises: AlreadyRunningError; UsageError: contradicting ports or host, a taken port, another data format.
        """
        parse_ports(self._ports or "")  # before anything is made
        self.data.create()
        try:
            self._lock.acquire()
        except LockedError as exc:
            raise AlreadyRunningError(self.data.path, exc.pid) from exc
        try:
            self.data.remove_stack_json()
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _open(self) -> None:
        record = self.data.read_record()
        host = url_host(self._listen)
        if record is not None:
            record.check_host(host)
        ports = choose_ports(self._ports, record.ports if record is not None else None)
        self._sockets = bind(self._listen, ports)
        bound = {name: int(sock.getsockname()[1]) for name, sock in self._sockets.items()}
        self._made = provision(self.data, record, fresh_record(bound, host, self._clock()))

    def __exit__(self, *unused: object) -> None:
        self.data.remove_stack_json()
        for sock in self._sockets.values():
            sock.close()
        self._lock.release()

    def stop(self) -> None:
        """Ask `serve` to drain and return. Safe from signal handlers and other threads."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True

    def _is_stopping(self) -> bool:
        return self._stopping

    async def serve(self, ready: Ready | None = None) -> None:
        """Serve until `stop`, then answer what was asked, finish what is being logged, and return.

        Raises: UnavailableError: a service does not answer at the start; errors of `compose`.
        """
        test_tokens = self._test_tokens and is_loopback(self._listen)
        services = compose(self.made, clock=self._clock, entropy=self._entropy, test_tokens=test_tokens)
        try:
            await self._serve(services, ready)
        finally:
            self.data.remove_stack_json()
            await services.close()

    async def _serve(self, services: Services, ready: Ready | None) -> None:
        by_port = {self.made.record.ports[name]: app for name, app in services.apps.items()}
        config = uvicorn.Config(
            dispatch_by_port(by_port),
            http="httptools",
            ws="none",
            proxy_headers=False,  # nobody in front of us is trusted to name the client
            loop="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="error",  # clients that try TLS first would fill the log with warnings
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        self._server = server = _Server(config)
        server.should_exit = self._stopping  # `stop` may have come while the stores were opened
        serving = asyncio.ensure_future(server.serve(list(self._sockets.values())))
        try:
            await self._announce(server, serving, ready)
        except BaseException:
            server.should_exit = True
            await serving
            raise
        await serving

    async def _announce(self, server: _Server, serving: "asyncio.Future[Any]", ready: Ready | None) -> None:
        """Wait until everything answers, then publish stack.json."""
        listening = asyncio.ensure_future(server.listening.wait())
        await asyncio.wait([listening, serving], return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._is_stopping():
            return
        stack = self.made.stack_json()
        silent = [status for status in await probe_all(stack) if not status.ok]
        if self._is_stopping():
            return
        if silent:
            raise UnavailableError("; ".join(f"{s.name} at {s.url} does not answer: {s.detail}" for s in silent))
        self.data.write_stack_json(stack)
        if ready is not None:
            ready(stack)


def run(
    data_dir: str,
    *,
    ports: str | None = None,
    listen: str = "127.0.0.1",
    test_tokens: bool = True,
    ready: Ready | None = None,
) -> None:
    """Serve a data directory in the foreground until SIGTERM or SIGINT, which drain; from the main thread.

    Args:   ports: `fulcio=5555,...` and `auto`; None: what the directory remembers, else the defaults.
            listen: an address of this machine; beyond loopback no test tokens are given.
    Raises: AlreadyRunningError, UsageError, UnavailableError, LogStateError.
    """

    async def serve(stack: Stack) -> None:
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stack.stop)
        await stack.serve(ready)

    with (
        Stack(data_dir, ports=ports, listen=listen, test_tokens=test_tokens) as stack,
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(serve(stack))

"""A server that answers what it is told, and remembers what it was asked."""

import http.server
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient, RetryPolicy


class Asked(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """One answer to give."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Service(http.server.ThreadingHTTPServer):
    """Gives its answers in order, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will_answer(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self) -> None:
        service = self.server
        assert isinstance(service, Service)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        answer = service.answers[min(len(service.asked), len(service.answers)) - 1]
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = handle_any

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(Deadline.after(20), retry_policy=RetryPolicy(retries=2, backoff_seconds=0.01)) as made:
        yield made

"""A bounded load generator on loopback: prepared requests over keep-alive connections, each answered before the next.

It shares the machine's cores with the server, as the peers' figures in the same table did.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit


class Load(NamedTuple):
    """What one run measured. Latencies in seconds."""

    connections: int
    answered: int
    refused: int  # answers that are not 2xx
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Good answers per second."""
        return (self.answered - self.refused) / self.seconds

    def __str__(self) -> str:
        wrong = f", {self.refused} refused" if self.refused else ""
        return (
            f"{self.connections:5} connections  {self.rate:8.0f}/s  p50 {self.p50 * 1000:7.1f} ms  "
            f"p99 {self.p99 * 1000:7.1f} ms  ({self.answered} answers{wrong})"
        )


def post(url: str, body: bytes, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """A whole POST request as bytes."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run_load(url: str, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send every request once, over this many connections."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_run(url, requests, connections))
    return uvloop.run(_run(url, requests, connections))


async def _run(url: str, requests: Sequence[bytes], connections: int) -> Load:
    parts = urlsplit(url)
    work = iter(requests)
    latencies: list[float] = []
    statuses: list[int] = []
    streams = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(connections)]
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for reader, writer in streams:
            group.create_task(_client(reader, writer, work, latencies, statuses))
    seconds = time.perf_counter() - began
    latencies.sort()
    refused = sum(not 200 <= status < 300 for status in statuses)
    middle, late = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return Load(connections, len(latencies), refused, seconds, middle, late)


async def _client(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    work: Iterator[bytes],
    latencies: list[float],
    statuses: list[int],
) -> None:
    for request in work:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await _skip_body(reader, head.lower())
        latencies.append(time.perf_counter() - began)
        statuses.append(int(head[9:12]))
    writer.close()


async def _skip_body(reader: asyncio.StreamReader, head: bytes) -> None:
    if b"transfer-encoding: chunked" in head:
        while size := int((await reader.readline()).strip(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    elif (at := head.find(b"content-length:")) >= 0:
        await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))

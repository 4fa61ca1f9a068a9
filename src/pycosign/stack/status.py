"""Whether every service answers: one GET each, on a path that does real work."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from pycosign.stack.files import DataDir
from pycosign.stack.ports import SERVICES

__all__ = ["ServiceStatus", "check", "probe_all"]

TIMEOUT_SECONDS = 5.0
_PATHS: Mapping[str, str] = {
    "fulcio": "/api/v2/trustBundle",
    "rekor": "/api/v1/log",
    "rekor_v2": "/api/v2/checkpoint",
    "tsa": "/api/v1/timestamp/certchain",
    "oidc": "/.well-known/openid-configuration",
    "ctlog": "/ct/v1/get-sth",
    "tuf": "/timestamp.json",
    "registry": "/v2/",
}


class ServiceStatus(NamedTuple):
    """One service: `ok` when it answered 200; `detail` says what else it did."""

    name: str
    url: str
    ok: bool
    detail: str


async def _probe(name: str, url: str) -> ServiceStatus:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        status = await asyncio.wait_for(_get(parts.hostname or "", parts.port or 80, _PATHS[name]), TIMEOUT_SECONDS)
    except (OSError, TimeoutError, ValueError) as exc:
        return ServiceStatus(name, url, False, str(exc) or "no answer")
    return ServiceStatus(name, url, status == 200, f"HTTP {status}")


async def _get(host: str, port: int, path: str) -> int:
    """The status of a GET. A plain socket: proxies of the environment are for others, and this costs no import."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        shown = f"[{host}]" if ":" in host else host
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {shown}:{port}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0
    finally:
        writer.close()


async def probe_all(urls: Mapping[str, str]) -> list[ServiceStatus]:
    """Ask every service at once. `urls`: as in stack.json."""
    return list(await asyncio.gather(*(_probe(name, urls[name]) for name in SERVICES)))


def check(data_dir: str) -> list[ServiceStatus]:
    """Ask every service of the stack that serves a data directory. Raises UsageError when none does."""
    return asyncio.run(probe_all(DataDir(data_dir).read_stack_json()))

"""Which service listens where. The default ports are those of the ecosystem's own test scaffolding."""

import errno
import re
import socket
from collections.abc import Mapping

from pycosign.errors import UsageError

__all__ = ["DEFAULT_PORTS", "FREE", "SERVICES", "bind", "choose_ports", "is_loopback", "parse_ports", "url_host"]

DEFAULT_PORTS: Mapping[str, int] = {
    "fulcio": 5555,
    "rekor": 3000,
    "rekor_v2": 3003,
    "tsa": 3004,
    "oidc": 8080,
    "ctlog": 6962,
    "tuf": 8081,
    "registry": 5001,
}
SERVICES = tuple(DEFAULT_PORTS)
FREE = 0  # "any free port", as the operating system reads it
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def parse_ports(text: str) -> tuple[dict[str, int], int | None]:
    """Read `fulcio=5555,rekor=3000,...` and `auto`, in any order.

    Returns: the ports that were named, and what the others get: FREE after `auto`, else None (the default).
    Raises:  UsageError: an unknown service, a port outside 0 to 65535, a port given twice.
    """
    named: dict[str, int] = {}
    rest: int | None = None
    for part in filter(None, text.split(",")):
        if part == "auto":
            rest = FREE
            continue
        name, _, number = part.partition("=")
        if name not in DEFAULT_PORTS:
            raise UsageError(f"--ports names an unknown service {name!r}; known are {', '.join(SERVICES)}")
        if not (number.isascii() and number.isdecimal() and len(number) <= 5 and int(number) <= 65535):
            raise UsageError(f"--ports gives {name} the port {number!r}, which is not a number up to 65535")
        if int(number) != FREE and int(number) in named.values():
            raise UsageError(f"--ports gives the port {number} to two services")
        named[name] = int(number)
    return named, rest


def choose_ports(text: str | None, remembered: Mapping[str, int] | None) -> dict[str, int]:
    """The port of every service: the remembered ones, else what `--ports` says, else the defaults.

    Raises: UsageError: `--ports` contradicts what the data directory remembers, whose trust root names the ports.
    """
    named, rest = parse_ports(text or "")
    if remembered is not None:
        for name, port in named.items():
            if port not in (FREE, remembered[name]):
                raise UsageError(
                    f"--ports gives {name} the port {port}, but this data directory was made with {remembered[name]}",
                    hint="leave --ports out, or use another data directory",
                )
        return dict(remembered)
    return {name: named.get(name, port if rest is None else rest) for name, port in DEFAULT_PORTS.items()}


def is_loopback(listen: str) -> bool:
    """Whether only this machine can reach a socket on that address."""
    return listen in LOOPBACK or re.fullmatch(r"127(\.[0-9]{1,3}){3}", listen, re.ASCII) is not None


def url_host(listen: str) -> str:
    """The host that URLs name for a listening address; for a wildcard that is loopback."""
    if listen in ("0.0.0.0", "", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{listen}]" if ":" in listen else listen


def bind(listen: str, ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """A bound socket for every service; all or none.

    Raises: UsageError: a port is taken, or the address is not this machine's.
    """
    sockets: dict[str, socket.socket] = {}
    try:
        for name, port in ports.items():
            sockets[name] = _bind_one(name, listen, port)
    except BaseException:
        for bound in sockets.values():
            bound.close()
        raise
    return sockets


def _bind_one(name: str, listen: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)
        sock.bind((listen, port))
    except OSError as exc:
        sock.close()
        if exc.errno in (errno.EADDRINUSE, errno.EACCES):
            problem = "is taken" if exc.errno == errno.EADDRINUSE else "may not be opened by this user"
            raise UsageError(
                f"port {port} for {name} on {listen} {problem}",
                hint="choose others with --ports, or --ports auto",
            ) from exc
        raise UsageError(f"cannot listen on {listen}: {exc.strerror or exc}") from exc
    return sock

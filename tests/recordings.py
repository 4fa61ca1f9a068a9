"""The recordings in tests/data/wire, for every test that uses them as vectors."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pycosign.codec.b64 import decode_b64

WIRE = Path(__file__).parent / "data" / "wire"


class Message(NamedTuple):
    """One side of an exchange: method and path of a request, or status of a response; the exact body."""

    line: dict[str, Any]
    headers: dict[str, str]
    body: bytes


@cache
def exchange(name: str) -> tuple[Message, Message]:
    """Request and response of the recording NAME.json."""
    recorded = json.loads(recorded_file(f"{name}.json"))
    return _message(recorded["request"]), _message(recorded["response"])


def _message(side: dict[str, Any]) -> Message:
    if "body_base64" in side:
        body = decode_b64(side["body_base64"], what="recording")
    else:
        body = side.get("body", "").encode()
    return Message(
        {k: v for k, v in side.items() if k not in ("headers", "body", "body_base64")}, side["headers"], body
    )


def recorded_file(name: str) -> bytes:
    """A file as its writer left it."""
    return (WIRE / name).read_bytes()


def names(pattern: str) -> list[str]:
    """The recordings whose name matches, without ".json"."""
    return sorted(path.name.removesuffix(".json") for path in WIRE.glob(pattern))


COSIGN_REGISTRY = Path(__file__).parent / "data" / "cosign-registry"


def registry_file(name: str) -> bytes:
    """What Cosign 3.1.2 stored in a registry, byte for byte; and its key files."""
    return (COSIGN_REGISTRY / name).read_bytes()

"""The data directory: what is where, its format version, and how files get there.

format.json        the version of this layout, the ports, the host and the time it was made
lock               held by the process that serves it
keys/*.pem         private keys, mode 0600: who reads them can be this Sigstore
chains/*.pem       the certificate chains of the CA and of the timestamp authority
trust/             what clients are given: trusted_root.json, signing configs, public keys
tuf/               the TUF repository, served as it lies
tuf-cache/         what `stack env` leaves for Cosign: a TUF cache that is initialised already
rekor_v1 rekor_v2 ctlog registry    each service's store
stack.json         URLs and paths, only while everything answers
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pycosign.errors import UsageError
from pycosign.files import write_atomically
from pycosign.stack.ports import SERVICES

__all__ = ["FORMAT", "DataDir", "StackRecord", "base_urls", "stack_paths", "write_public"]

FORMAT = 1


def write_public(path: str, data: bytes) -> None:
    """Write a file that anybody may read, whole or not at all. Raises as `write_atomically`."""
    write_atomically(path, data, mode=0o644)


class StackRecord(NamedTuple):
    """What a data directory remembers. `since`: from when its trust material counts (UTC)."""

    ports: dict[str, int]
    host: str
    since: datetime

    def check_host(self, host: str) -> None:
        """Refuse to serve under another host than the trust root names. Raises UsageError."""
        if host != self.host:
            raise UsageError(
                f"--listen leads to URLs of {host}, but this data directory was made for {self.host}",
                hint="leave --listen out, or use another data directory",
            )


class DataDir:
    """Paths below one data directory."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)

    def join(self, *parts: str) -> str:
        """An absolute path below the directory."""
        return os.path.join(self.path, *parts)

    @property
    def stack_json(self) -> str:
        """Where URLs and paths are published."""
        return self.join("stack.json")

    @property
    def lock(self) -> str:
        """The lock of the process that serves it."""
        return self.join("lock")

    def create(self) -> None:
        """Make the directories that are missing. Raises UsageError when that is not possible."""
        try:
            os.makedirs(self.path, exist_ok=True)
            for name in ("chains", "trust", "tuf", "rekor_v1", "rekor_v2", "ctlog", "registry"):
                os.makedirs(self.join(name), exist_ok=True)
            os.makedirs(self.join("keys"), mode=0o700, exist_ok=True)
        except OSError as exc:
            raise UsageError(f"cannot use {self.path} as a data directory: {exc.strerror}") from exc

    def read_record(self) -> StackRecord | None:
        """What the directory remembers, or None when it is new.

        Raises: UsageError: it is of another format, or something else than a data directory.
        """
        try:
            with open(self.join("format.json"), "rb") as stream:
                raw = json.load(stream)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as exc:
            raise UsageError(f"{self.join('format.json')} cannot be read: {exc}") from exc
        version = raw.get("format") if isinstance(raw, dict) else None
        if version != FORMAT:
            raise UsageError(
                f"{self.path} has the data format {version!r}; this version of pycosign reads {FORMAT}",
                hint="use the version that made it, or another data directory",
            )
        try:
            return StackRecord(
                ports={name: int(raw["ports"][name]) for name in SERVICES},
                host=str(raw["host"]),
                since=datetime.fromisoformat(raw["since"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as exc:
            raise UsageError(f"{self.join('format.json')} lacks something, or was changed: {exc!r}") from exc

    def write_record(self, record: StackRecord) -> None:
        """Remember ports, host and time."""
        raw = {
            "format": FORMAT,
            "schema": 1,
            "ports": record.ports,
            "host": record.host,
            "since": record.since.isoformat(),
        }
        write_public(self.join("format.json"), (json.dumps(raw, indent=1) + "\n").encode())

    def write_stack_json(self, stack: Mapping[str, str]) -> None:
        """Publish URLs and paths: everything answers."""
        text = json.dumps({"schema": 1, **stack}, indent=1) + "\n"
        write_public(self.stack_json, text.encode())

    def remove_stack_json(self) -> None:
        """Withdraw URLs and paths; harmless when there are none."""
        try:
            os.unlink(self.stack_json)
        except FileNotFoundError:
            return

    def read_stack_json(self) -> dict[str, Any]:
        """The published URLs and paths. Raises UsageError when no stack serves this directory."""
        try:
            with open(self.stack_json, "rb") as stream:
                stack = json.load(stream)
        except FileNotFoundError as exc:
            raise UsageError(
                f"no stack serves {self.path}", hint=f"start it: pycosign stack up --data {self.path}"
            ) from exc
        except (OSError, ValueError, RecursionError) as exc:
            raise UsageError(f"{self.stack_json} cannot be read: {exc}") from exc
        if not isinstance(stack, dict):
            raise UsageError(f"{self.stack_json} cannot be read: it is not a JSON object")
        return stack


def base_urls(record: StackRecord) -> dict[str, str]:
    """The base URL of every service, without a trailing slash; of the registry `host:port`."""
    urls = {name: f"http://{record.host}:{port}" for name, port in record.ports.items()}
    urls["registry"] = f"{record.host}:{record.ports['registry']}"
    return urls


def stack_paths(data: DataDir) -> dict[str, str]:
    """The files for clients, as stack.json names them."""
    return {
        "trusted_root": data.join("trust", "trusted_root.json"),
        "signing_config": data.join("trust", "signing_config.v0.2.json"),
        "signing_config_rekor_v1": data.join("trust", "signing_config_rekor_v1.v0.2.json"),
        "client_trust_config": data.join("trust", "client_trust_config.json"),
        "ctlog_key": data.join("trust", "ctfe.pub"),
        "tuf_root": data.join("tuf", "root.json"),
    }

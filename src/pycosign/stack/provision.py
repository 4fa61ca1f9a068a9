"""Making a data directory, or taking one up: keys, chains, trust root, signing configs, TUF repository."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto.signers import LocalSigner
from pycosign.errors import MalformedError, UsageError
from pycosign.stack.files import DataDir, StackRecord, base_urls, stack_paths, write_public
from pycosign.stack.keyring import load_or_create_keys

__all__ = ["Provisioned", "fresh_record", "origin_of", "provision"]

# trust material counts from an hour before it was made: a client's clock may lag
LAG = timedelta(hours=1)


class Provisioned(NamedTuple):
    """A data directory that is ready to be served. Chains are DER, as the trust root lists them."""

    data: DataDir
    record: StackRecord
    keys: Mapping[str, LocalSigner]
    ca_chain: tuple[bytes, ...]
    tsa_chain: tuple[bytes, ...]

    def urls(self) -> dict[str, str]:
        """Base URLs by service; of the registry `host:port`."""
        return base_urls(self.record)

    def stack_json(self) -> dict[str, str]:
        """What stack.json says."""
        return self.urls() | stack_paths(self.data)


def origin_of(record: StackRecord) -> str:
    """The origin of the logs' checkpoints: the host of their URLs without port, as sigstore-go derives it."""
    return record.host.strip("[]")


def provision(data: DataDir, record: StackRecord | None, fresh: StackRecord) -> Provisioned:
    """Take up the directory that `record` describes, or make it as `fresh` says.

    The record is written last: whatever a crash left before that is made anew, except for keys.
    Raises: UsageError: a file of it is missing or damaged.
    """
    keys = load_or_create_keys(data.join("keys"))
    if record is not None:
        return Provisioned(data, record, keys, _read_chain(data, "ca"), _read_chain(data, "tsa"))
    made = _create(data, fresh, keys)
    data.write_record(fresh)
    return made


def fresh_record(ports: dict[str, int], host: str, now: datetime) -> StackRecord:
    """The record of a directory that is made now."""
    return StackRecord(ports=ports, host=host, since=now.replace(microsecond=0) - LAG)


def _chain_path(data: DataDir, name: str) -> str:
    return data.join("chains", f"{name}.pem")


def _read_chain(data: DataDir, name: str) -> tuple[bytes, ...]:
    path = _chain_path(data, name)
    try:
        with open(path, "rb") as stream:
            return tuple(block.der for block in parse_pem(stream.read(), what=path))
    except (OSError, MalformedError) as exc:
        raise UsageError(f"cannot read the certificate chain {path}: {exc}") from exc


def _write_chain(data: DataDir, name: str, chain: tuple[bytes, ...]) -> None:
    write_public(_chain_path(data, name), b"".join(format_pem("CERTIFICATE", der) for der in chain))


def _create(data: DataDir, record: StackRecord, keys: Mapping[str, LocalSigner]) -> Provisioned:
    # imported here, because a directory is made once and x509 and tuf are not needed to serve it
    from pycosign.stack.authority import ca_chain, tsa_chain

    library = {name: signer.library_key() for name, signer in keys.items()}
    made = Provisioned(
        data=data,
        record=record,
        keys=keys,
        ca_chain=ca_chain(library["ca_root"], library["ca"], since=record.since),
        tsa_chain=tsa_chain(library["tsa_root"], library["tsa"], since=record.since),
    )
    _write_chain(data, "ca", made.ca_chain)
    _write_chain(data, "tsa", made.tsa_chain)
    _publish(made)
    return made


def _publish(made: Provisioned) -> None:
    """Write what clients are given, and the TUF repository over it."""
    from pycosign.stack.trust import Material, signing_config, trusted_root, tuf_targets
    from pycosign.stack.tuf.core import TufKeys, build_repository
    from pycosign.wire.signing_config import format_client_trust_config, format_signing_config
    from pycosign.wire.trusted_root import format_trusted_root

    material = Material(
        urls=made.urls(),
        origin=origin_of(made.record),
        since=made.record.since,
        ca_chain=made.ca_chain,
        tsa_chain=made.tsa_chain,
        rekor_v1=made.keys["rekor_v1"].public_key,
        rekor_v2=made.keys["rekor_v2"].public_key,
        ctlog=made.keys["ctlog"].public_key,
    )
    root, config = trusted_root(material), signing_config(material, rekor=2)
    paths = stack_paths(made.data)
    contents = {
        "trusted_root": format_trusted_root(root),
        "signing_config": format_signing_config(config),
        "signing_config_rekor_v1": format_signing_config(signing_config(material, rekor=1)),
        "client_trust_config": format_client_trust_config(root, config),
        "ctlog_key": material.ctlog.pem(),
    }
    for name, content in contents.items():
        write_public(paths[name], content)
    targets = tuf_targets(material, contents["trusted_root"], contents["signing_config"])
    keys = TufKeys(root=made.keys["tuf_root"].library_key(), online=made.keys["tuf_online"].library_key())
    repository = build_repository(targets, keys, now=made.record.since + LAG)
    os.makedirs(made.data.join("tuf", "targets"), exist_ok=True)
    for name, content in repository.items():
        write_public(made.data.join("tuf", *name.split("/")), content)

"""Targets: the JSON documents of logs, trust and images."""

import json
from typing import Any

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.strict_json import Fields, canonical_json, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.instances.tuf_check import MetadataFiles, check_metadata, check_target, root_version
from pycosign.instances.tuf_journal import format_journal, parse_journal
from pycosign.limits import BUNDLE_BYTES
from pycosign.verify.trust import compile_trust
from pycosign.wire.cosign_key import format_encrypted_key, parse_encrypted_key
from pycosign.wire.log_entry import (
    body_kind,
    entry_from_fields,
    entry_to_dict,
    format_v1_response,
    parse_tlog_entry,
    parse_v1_response,
    parse_v1_responses,
    set_payload,
    v1_entry_from_fields,
)
from pycosign.wire.oci_manifest import Manifest, parse_index, parse_manifest, read_manifest
from pycosign.wire.rekor_body import parse_rekor_body
from pycosign.wire.signing_config import (
    format_signing_config,
    parse_client_trust_config,
    parse_signing_config,
)
from pycosign.wire.trusted_root import (
    format_trusted_root,
    parse_trusted_root,
    trusted_root_from_fields,
    valid_for_from_fields,
)
from tests.fuzz import seeds
from tests.fuzz.target import Target, as_text, same_again, tolerating

_WHAT = "sample"


# ---- logs ------------------------------------------------------------------------------------------------------------
def run_log_entry(data: bytes) -> None:
    entry = same_again(data, parse_tlog_entry, lambda entry: compact_json(entry_to_dict(entry)))
    if entry is not None:
        with tolerating():
            body_kind(entry.body)
            set_payload(entry)
    with tolerating():
        entry_from_fields(Fields(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES), _WHAT))


def run_rekor_answer(data: bytes) -> None:
    with tolerating():
        entry_id, entry = parse_v1_response(data)
        same_again(
            compact_json(format_v1_response(entry_id, entry)),
            parse_v1_response,
            lambda found: compact_json(format_v1_response(*found)),
        )
    with tolerating():
        parse_v1_responses(data)
    with tolerating():
        v1_entry_from_fields(Fields(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES), _WHAT, protojson=False))


def run_rekor_body(data: bytes) -> None:
    with tolerating():
        parse_rekor_body(data)


# ---- trust -----------------------------------------------------------------------------------------------------------
def run_trusted_root(data: bytes) -> None:
    root = same_again(data, parse_trusted_root, format_trusted_root)
    if root is not None:
        with tolerating():
            compile_trust(root)
    with tolerating():
        fields = Fields(load_json(data, what=_WHAT, max_bytes=BUNDLE_BYTES), _WHAT)
        with tolerating():
            valid_for_from_fields(fields)
        trusted_root_from_fields(fields)


def run_signing_config(data: bytes) -> None:
    same_again(data, parse_signing_config, format_signing_config)
    with tolerating():
        parse_client_trust_config(data)


def _client_trust_configs() -> list[bytes]:
    root, config = (
        json.loads(seeds.recorded(name)[0])
        for name in ("wire/file-trusted_root.json", "wire/file-signing_config.v0.2.json")
    )
    media_type = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
    return [json.dumps({"mediaType": media_type, "trustedRoot": root, "signingConfig": config}).encode()]


_TUF_FILES = ("1.root", "timestamp", "1.snapshot", "1.targets")


def run_tuf(data: bytes) -> None:
    """Each of the four files in turn is the changed one, and the root between two versions."""
    good = [_tuf_file(name) for name in _TUF_FILES]
    with tolerating():
        root_version(data)
    for position in range(4):
        with tolerating():
            files = MetadataFiles(*(data if n == position else good[n] for n in range(4)))
            check_target(check_metadata(files, anchor=None), "trusted_root.json", b"{}")
        with tolerating():
            check_metadata(files, anchor=good[0], history={"2.root.json": data})


def run_tuf_journal(data: bytes) -> None:
    same_again(data, parse_journal, lambda files: format_journal(files) or b"")


def _tuf_file(name: str) -> bytes:
    return seeds.recorded(f"wire/tuf-{name}.json")[0]


# ---- images ----------------------------------------------------------------------------------------------------------
def run_manifest(data: bytes) -> None:
    for media_type in (None, "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"):
        with tolerating():
            found = read_manifest(data, media_type=media_type)
            assert found.raw == data, "the digest must be of the bytes that were read"
            (parse_manifest if isinstance(found, Manifest) else parse_index)(data, media_type=media_type)


# ---- JSON itself -----------------------------------------------------------------------------------------------------
def run_json(data: bytes) -> None:
    with tolerating():
        value = load_json(data, what=_WHAT, max_bytes=1 << 20)
        theirs: Any = json.loads(data)
        assert value == theirs, "another value than Python's own reader finds"
        same_again(data, lambda raw: load_json(raw, what=_WHAT, max_bytes=1 << 24), compact_json)
        with tolerating():
            again = load_json(canonical_json(value), what=_WHAT, max_bytes=1 << 24)
            assert again == value, "canonical JSON has another value"
    with tolerating():
        text = as_text(data)
        if encode_b64(decode_b64(text, what=_WHAT)) != text:
            raise MalformedError(_WHAT, "was not canonical base64")


def run_encrypted_key(data: bytes) -> None:
    same_again(data, parse_encrypted_key, format_encrypted_key)


TARGETS = (
    Target("rekor-body", run_rekor_body, seeds.bodies, (parse_rekor_body,)),
    Target("log-entry", run_log_entry, seeds.entries, (parse_tlog_entry, entry_from_fields, body_kind, set_payload)),
    Target(
        "rekor-answer",
        run_rekor_answer,
        lambda: seeds.exchanged("rekor-v1-get-*", "rekor-v1-post-*", "rekor-v1-retrieve-*", answers=True),
        (parse_v1_response, parse_v1_responses, v1_entry_from_fields),
    ),
    Target(
        "trusted-root",
        run_trusted_root,
        seeds.trusted_roots,
        (parse_trusted_root, trusted_root_from_fields, valid_for_from_fields, compile_trust),
    ),
    Target(
        "signing-config",
        run_signing_config,
        lambda: [*seeds.recorded("wire/file-signing_config*"), *_client_trust_configs()],
        (parse_signing_config, parse_client_trust_config),
    ),
    Target(
        "encrypted-key", run_encrypted_key, lambda: seeds.recorded("cosign-registry/cosign.key"), (parse_encrypted_key,)
    ),
    Target(
        "tuf-metadata",
        run_tuf,
        lambda: [_tuf_file(name) for name in _TUF_FILES],
        (check_metadata, check_target, root_version),
    ),
    Target(
        "tuf-journal",
        run_tuf_journal,
        lambda: [format_journal({f"{name}.json": _tuf_file(name) for name in _TUF_FILES}) or b"", b'{"files":{}}'],
        (parse_journal,),
    ),
    Target(
        "image-manifest",
        run_manifest,
        lambda: seeds.recorded("cosign-registry/*.json", "corpus/made/*manifest*.json"),
        (read_manifest, parse_manifest, parse_index),
    ),
    Target("json", run_json, lambda: [*seeds.bundles()[:20], *seeds.bodies()[:20]], (load_json, canonical_json)),
)

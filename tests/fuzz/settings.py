"""Targets: what users and administrators write: policies, revocation lists, instances, specifications of services."""

import json
import os
import tempfile
from functools import cache

from pycosign.codec.go_time import parse_go_time
from pycosign.codec.strict_json import compact_json, load_json
from pycosign.codec.strict_yaml import load_yaml
from pycosign.flows.service_specs import parse_count, parse_selector, parse_service, parse_spec, parse_time
from pycosign.instances.named import Registered, format_registered, read_registered
from pycosign.limits import JSON_DEPTH
from pycosign.policy.document import parse_policy
from pycosign.verify.revocation_list import parse_revocation_list
from pycosign.wire.sct_response import parse_sct_response, sct_response
from tests.fuzz import seeds
from tests.fuzz.target import RoundTripError, Target, as_argument, same_again, tolerating
from tests.policy.test_document import FULL, MINIMAL

_WHAT = "sample"


def run_policy(data: bytes) -> None:
    """Whatever YAML says, the value is one of JSON's."""
    with tolerating():
        parse_policy(data)
    with tolerating():
        value = load_yaml(data, what=_WHAT, max_bytes=1 << 20, max_depth=JSON_DEPTH)
        if load_json(compact_json(value), what=_WHAT, max_bytes=1 << 24) != value:
            raise RoundTripError("the value is not one of JSON's")


def run_revocation_list(data: bytes) -> None:
    with tolerating():
        parse_revocation_list(data)


_REVOCATIONS = {
    "schema": 1,
    "issued": "2026-11-22T00:00:00Z",
    "expires": "2026-12-22T00:00:00.5+01:00",
    "artifacts": [f"sha256:{'ab' * 32}", {"digest": f"sha512:{'cd' * 64}", "reason": "malware"}],
    "identities": [
        {"identity": "a@example.com", "issuer": "https://issuer.example", "since": "2026-11-01T00:00:00Z"},
        {"identity_regexp": "^https://github.com/x/", "reason": "stolen"},
    ],
    "keys": [f"sha256:{'ef' * 32}", {"digest": f"sha256:{'01' * 32}", "since": "2026-11-01T00:00:00Z"}],
    "certificates": [{"serial": "0a1b", "issuer": "CN=sigstore"}, {"serial": "ff"}],
}


def run_instances(data: bytes) -> None:
    """instances.json, which holds where trust comes from."""
    home = _home().name
    path = os.path.join(home, "instances.json")
    environment = {"PYCOSIGN_HOME": home}

    def read(raw: bytes) -> Registered:
        with open(path, "wb") as stream:
            stream.write(raw)
        return read_registered(environment)

    same_again(data, read, format_registered)


@cache
def _home() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pycosign-fuzz-")


_INSTANCES = {
    "format": 1,
    "in_use": "a",
    "instances": {
        "a": {"kind": "tuf", "mirror": "https://tuf.example/", "oidc_issuer": "https://issuer.example"},
        "b": {"kind": "stack", "data": "/srv", "trusted_root": "/srv/a.json", "signing_config": "/srv/b.json"},
        "c": {"kind": "files", "trusted_root": "/a.json", "signing_config": "/b.json", "oidc_client_id": "x"},
        "d": {"kind": "trust-config", "trust_config": "/c.json"},
    },
}


def run_service_spec(data: bytes) -> None:
    text = as_argument(data)
    for parse in (parse_service, parse_count, parse_selector):
        with tolerating():
            parse(text)
    with tolerating():
        members = parse_spec(
            text, required=("url",), optional=("start-time", "origin"), missing="missing {key}", what="service"
        )
        parse_time(members, "start-time")
    with tolerating(ValueError):
        parse_go_time(text)


def run_sct_response(data: bytes) -> None:
    same_again(data, parse_sct_response, lambda sct: compact_json(sct_response(sct)))


def _written(*values: object) -> list[bytes]:
    return [json.dumps(value, separators=(",", ":")).encode() for value in values]


TARGETS = (
    Target(
        "policy",
        run_policy,
        lambda: [
            FULL.encode(),
            *_written(MINIMAL),
            b"a: [b, 'c', \"d\\u0065\", {e: 1}]\n",
            b"- |\n  text\n- >-\n  x\n",
        ],
        (parse_policy, load_yaml),
        (b"identity_regexp", b"timestamp_authorities", b"&a", b"*a", b"!!python/name:os.system", b"%YAML 1.1", b"<<"),
    ),
    Target("revocation-list", run_revocation_list, lambda: _written(_REVOCATIONS), (parse_revocation_list,)),
    Target("instances", run_instances, lambda: _written(_INSTANCES), (read_registered,)),
    Target(
        "service-spec",
        run_service_spec,
        lambda: [
            b"url=https://a.example,api-version=1,start-time=2026-01-01T00:00:00Z,operator=x,end-time=",
            b"EXACT:2",
            b"2026-11-22T12:00:00,123456789-01:00",
            b"url=https://a.example,start-time=2026-01-01T00:00:00Z,origin=log.example",
        ],
        (parse_service, parse_count, parse_selector, parse_spec, parse_time, parse_go_time),
    ),
    Target(
        "sct-response",
        run_sct_response,
        lambda: seeds.exchanged("ctlog-add-*", answers=True),
        (parse_sct_response,),
    ),
)

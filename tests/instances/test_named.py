"""instances.json: what is written is read back, and nothing else is accepted."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError, UsageError
from pycosign.instances.named import (
    Instance,
    Registered,
    format_registered,
    read_registered,
    resolve_instance,
)
from pycosign.instances.tuf_cache import CacheLocation

names = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True).filter(
    lambda name: name not in ("public", "staging")
)
texts = st.text(min_size=1, max_size=20)
paths = texts.map("/".__add__)


@st.composite
def registereds(draw: st.DrawFn, home: str) -> Registered:
    instances = {}
    for name in draw(st.lists(names, unique=True, max_size=4)):
        folder = f"{home}/instances/{name}"
        kind = draw(st.sampled_from(["tuf", "files", "trust-config", "stack"]))
        instance = Instance(name, kind, oidc_issuer=draw(st.just("") | texts), oidc_client_id=draw(st.just("") | texts))
        both = {"trusted_root.json": draw(paths), "signing_config.v0.2.json": draw(paths)}
        if kind == "tuf":
            instance = instance._replace(location=CacheLocation(f"{folder}/tuf", draw(texts), f"{folder}/root.json"))
        elif kind == "files":
            instance = instance._replace(paths=dict(list(both.items())[: draw(st.integers(1, 2))]))
        elif kind == "stack":
            instance = instance._replace(paths=both, data=draw(paths))
        else:
            instance = instance._replace(trust_config=draw(paths))
        instances[name] = instance
    return Registered(draw(st.sampled_from([None, "public", "staging", *instances])), instances)


@given(st.data())
def test_what_we_write_we_read_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    home = tmp_path_factory.mktemp("home")
    registered = data.draw(registereds(str(home)))
    (home / "instances.json").write_bytes(format_registered(registered))
    assert read_registered({"PYCOSIGN_HOME": str(home)}) == registered


GOOD = {
    "format": 1,
    "in_use": "corp",
    "instances": {"corp": {"kind": "tuf", "mirror": "https://tuf"}, "lab": {"kind": "files", "trusted_root": "/r"}},
}


def read(tmp_path: Path, text: str) -> Registered:
    (tmp_path / "instances.json").write_text(text)
    return read_registered({"PYCOSIGN_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": "1"},
        {"in_use": "nosuch"},
        {"other": 1},
        {"instances": []},
        {"instances": {"corp": {"kind": "other"}}},
        {"instances": {"corp": {"kind": "tuf"}}},
        {"instances": {"corp": {"kind": "tuf", "mirror": "u", "trusted_root": "/r"}}},
        {"instances": {"corp": {"kind": "files", "trusted_root": 1}}},
        {"instances": {"corp": {"kind": "files", "trusted_root": ""}}},
        {"instances": {"corp": {"kind": "files", "trusted_root": "trusted_root.json"}}},
        {"instances": {"corp": {"kind": "files", "trusted_root": "/r", "signing_config": "./config.json"}}},
        {"instances": {"corp": {"kind": "trust-config", "trust_config": "config.json"}}},
        {"instances": {"corp": {"kind": "stack", "data": "d", "trusted_root": "/r", "signing_config": "/s"}}},
        {"instances": {"../x": {"kind": "tuf", "mirror": "u"}}},
        {"instances": {"public": {"kind": "tuf", "mirror": "u"}}},
        {"instances": {f"n{number}": {"kind": "tuf", "mirror": "u"} for number in range(257)}},
    ],
)
def test_other_files_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    read(tmp_path, json.dumps(GOOD))
    with pytest.raises(MalformedError):
        read(tmp_path, json.dumps(GOOD | change))


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedError):
        read(tmp_path, '{"format": 1, "instances": {}, "instances": {}}')


def test_which_instance_a_name_means(tmp_path: Path) -> None:
    environ = {"PYCOSIGN_HOME": str(tmp_path), "HOME": "/h"}
    assert resolve_instance(None, environ) is None
    read(tmp_path, json.dumps(GOOD))
    found = resolve_instance(None, environ)
    assert found is not None
    assert (found.name, found.source) == ("corp", "https://tuf")
    assert found.location == CacheLocation(
        f"{tmp_path}/instances/corp/tuf", "https://tuf", f"{tmp_path}/instances/corp/root.json"
    )
    for variable in ("TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON"):
        assert resolve_instance(None, {**environ, variable: "x"}) is None
    staging = resolve_instance("staging", environ)
    assert staging is not None
    assert staging.location == CacheLocation("/h/.sigstore/root", "https://tuf-repo-cdn.sigstage.dev")
    with pytest.raises(UsageError):
        resolve_instance("nosuch", environ)

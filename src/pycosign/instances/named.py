"""Sigstore instances by name: which trust root and which signing config a name stands for.

    $PYCOSIGN_HOME (~/.sigstore/pycosign)
      instances.json         the names that were added, and which one is used when none is said
      instances/NAME/        of an instance that lives in a TUF repository:
        root.json            the root that was pinned when it was added
        tuf/                 its own TUF cache, laid out as `tuf_cache` says
      pycosign.lock          one writer at a time

`public` and `staging` are built in. Written by `instance add`, `use` and `remove`; trusted by every command that is
told a name, or told nothing when a name is in use. Whoever can write here decides whom those commands believe.
"""

import os
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pycosign.codec.fields import Fields
from pycosign.codec.json_value import JsonObject
from pycosign.codec.strict_json import load_json, sorted_json
from pycosign.errors import MalformedError, UnavailableError, UsageError
from pycosign.files import read_bounded
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, STAGING_MIRROR
from pycosign.instances.home import has_instances, home_directory, instances_path
from pycosign.instances.tuf_cache import CacheLocation, default_directory
from pycosign.limits import INSTANCES, INSTANCES_FILE_BYTES

__all__ = [
    "BUILT_IN",
    "TUF_VARIABLES",
    "Instance",
    "Registered",
    "check_name",
    "format_registered",
    "read_registered",
    "resolve_instance",
]

BUILT_IN: Final = {"public": PUBLIC_GOOD_MIRROR, "staging": STAGING_MIRROR}
TUF_VARIABLES: Final = ("TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON")  # Cosign's: they win over the instance in use
_FORMAT: Final = 1
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_KINDS: Final = {  # kind -> the members that it must have, and those that it may have
    "tuf": (("mirror",), ()),
    "files": (("trusted_root",), ("signing_config",)),
    "trust-config": (("trust_config",), ()),
    "stack": (("data", "trusted_root", "signing_config"), ()),
}


class Instance(NamedTuple):
    """One Sigstore: where its trust root and signing config come from. Exactly one of the three places is set."""

    name: str
    kind: str  # "built-in", "tuf", "files", "trust-config", "stack"
    location: CacheLocation | None = None  # a TUF repository and the cache of it
    paths: Mapping[str, str] = {}  # files by the TUF target that they stand for; all absolute
    trust_config: str = ""  # one file with both documents
    data: str = ""  # of a stack: its data directory
    oidc_issuer: str = ""  # in place of the signing config's
    oidc_client_id: str = ""

    @property
    def source(self) -> str:
        """Where its trust comes from, for people."""
        if self.location is not None:
            return self.location.mirror
        return self.data or self.trust_config or self.paths["trusted_root.json"]


class Registered(NamedTuple):
    """What instances.json says."""

    in_use: str | None  # the name that is meant when none is said
    instances: Mapping[str, Instance]  # those that were added, by name


def check_name(name: str) -> None:
    """Refuse a name that is built in or would not do for a directory. Raises: UsageError."""
    if name in BUILT_IN:
        raise UsageError(f"the instance {name} is built in", code="usage.instance")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of an instance: up to 64 of a-z, 0-9, '.', '_', '-', the first no sign",
            code="usage.instance",
        )


def resolve_instance(name: str | None, environ: Mapping[str, str]) -> Instance | None:
    """The instance of this name; without one, the instance in use, unless TUF_* variables speak; None: none is.

    Raises: UsageError: no such instance; MalformedError, UnavailableError: instances.json cannot be read.
    """
    if name == "":
        raise UsageError("the name of an instance is empty", code="usage.instance")
    if name is None and any(environ.get(variable) for variable in TUF_VARIABLES):
        return None
    if name in BUILT_IN:
        return _built_in(name, environ)
    registered = read_registered(environ)
    name = registered.in_use if name is None else name
    if name is None:
        return None
    if name in BUILT_IN:
        return _built_in(name, environ)
    found = registered.instances.get(name)
    if found is None:
        raise UsageError(
            f"there is no instance {name!r}",
            code="usage.instance",
            hint="`pycosign instance list` shows them; `pycosign instance add` adds one",
        )
    return found


def read_registered(environ: Mapping[str, str]) -> Registered:
    """What instances.json says; nothing when there is no such file.

    Raises: MalformedError: not as we write it, also one of a later version; UnavailableError: it cannot be read.
    """
    path = instances_path(environ)
    try:
        raw = read_bounded(path, INSTANCES_FILE_BYTES)
    except OSError as exc:
        raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="unavailable.file") from exc
    if raw is None:
        if has_instances(environ):
            raise UnavailableError(f"cannot read {path}: it is a link to nothing", code="unavailable.file")
        return Registered(None, {})
    fields = Fields(load_json(raw, what=path, max_bytes=INSTANCES_FILE_BYTES), path, protojson=False)
    if fields.integer("format") != _FORMAT:
        raise MalformedError(fields.path("format"), f"is not {_FORMAT}: another version of pycosign wrote it")
    in_use = fields.optional_text("in_use")
    listed = fields.object("instances")
    fields.refuse_unknown()
    names = list(listed)
    if len(names) > INSTANCES:
        raise MalformedError(listed.what, f"has more than {INSTANCES} members")
    home = home_directory(environ)
    instances = {name: _instance(name, listed.object(name), home) for name in names}
    if in_use is not None and in_use not in instances and in_use not in BUILT_IN:
        raise MalformedError(fields.path("in_use"), f"names no instance: {in_use[:100]!a}")
    return Registered(in_use, instances)


def _instance(name: str, fields: Fields, home: str) -> Instance:
    if not _NAME.fullmatch(name) or name in BUILT_IN:
        raise MalformedError(fields.what, "is not the name of an instance")
    kind = fields.text("kind")
    if kind not in _KINDS:
        raise MalformedError(fields.path("kind"), f"is not one of {', '.join(_KINDS)}")
    required, optional = _KINDS[kind]
    members = {member: fields.text(member) for member in required}
    members |= {member: text for member in optional if (text := fields.optional_text(member)) is not None}
    for member, text in members.items():
        if member != "mirror" and not os.path.isabs(text):  # else whoever owns the working directory would be trusted
            raise MalformedError(fields.path(member), "is not an absolute path")
    issuer, client_id = fields.optional_text("oidc_issuer") or "", fields.optional_text("oidc_client_id") or ""
    fields.refuse_unknown()
    folder = os.path.join(home, "instances", name)
    location = None
    if kind == "tuf":
        location = CacheLocation(os.path.join(folder, "tuf"), members["mirror"], os.path.join(folder, "root.json"))
    targets = {"trusted_root": "trusted_root.json", "signing_config": "signing_config.v0.2.json"}
    return Instance(
        name,
        kind,
        location=location,
        paths={target: members[member] for member, target in targets.items() if member in members},
        trust_config=members.get("trust_config", ""),
        data=members.get("data", ""),
        oidc_issuer=issuer,
        oidc_client_id=client_id,
    )


def format_registered(registered: Registered) -> bytes:
    """Write instances.json, as `read_registered` reads it."""
    instances: JsonObject = {}
    for name, instance in registered.instances.items():
        members: JsonObject = {"kind": instance.kind}
        if instance.location is not None:
            members["mirror"] = instance.location.mirror
        for member, value in (
            ("data", instance.data),
            ("trusted_root", instance.paths.get("trusted_root.json", "")),
            ("signing_config", instance.paths.get("signing_config.v0.2.json", "")),
            ("trust_config", instance.trust_config),
            ("oidc_issuer", instance.oidc_issuer),
            ("oidc_client_id", instance.oidc_client_id),
        ):
            if value:
                members[member] = value
        instances[name] = members
    written: JsonObject = {"format": _FORMAT, "instances": instances}
    if registered.in_use is not None:
        written["in_use"] = registered.in_use
    return sorted_json(written) + b"\n"


def _built_in(name: str, environ: Mapping[str, str]) -> Instance:
    return Instance(name, "built-in", location=CacheLocation(default_directory(environ), BUILT_IN[name]))

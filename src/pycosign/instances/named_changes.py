"""Adding, choosing and removing named instances. Nothing is remembered that was not read and checked first."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from pycosign.ambient import random_bytes
from pycosign.codec.fields import Fields
from pycosign.codec.strict_json import load_json
from pycosign.errors import UnavailableError, UsageError
from pycosign.files import read_given_file, write_atomically
from pycosign.instances.embedded import embedded_file
from pycosign.instances.home import home_directory, instances_path
from pycosign.instances.named import (
    BUILT_IN,
    Instance,
    Registered,
    check_name,
    format_registered,
    read_registered,
)
from pycosign.instances.refresh import check_mirror, refresh
from pycosign.instances.tuf_cache import CacheLocation, lock_directory
from pycosign.instances.tuf_check import root_version
from pycosign.limits import INSTANCES, SIGNING_CONFIG_BYTES, STACK_FILE_BYTES, TRUSTED_ROOT_BYTES
from pycosign.wire.signing_config import parse_client_trust_config, parse_signing_config
from pycosign.wire.trusted_root import parse_trusted_root

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["add_instance", "add_repository", "remove_instance", "stack_instance", "use_instance"]


def add_instance(instance: Instance, environ: Mapping[str, str]) -> None:
    """Remember an instance that lives in files, which are read and checked now.

    Raises: UsageError: the name is taken or not a name, no such file; MalformedError: a file is not such a document;
            UnavailableError: the home cannot be written.
    """
    check_name(instance.name)
    if instance.trust_config:
        raw = read_given_file(instance.trust_config, TRUSTED_ROOT_BYTES)
        parse_client_trust_config(raw, what=instance.trust_config)
    for target, path in instance.paths.items():
        if target == "trusted_root.json":
            parse_trusted_root(read_given_file(path, TRUSTED_ROOT_BYTES), what=path)
        else:
            parse_signing_config(read_given_file(path, SIGNING_CONFIG_BYTES), what=path)
    with _changing(environ) as registered:
        _store(_with(registered, instance), environ)


def add_repository(
    instance: Instance, *, root: bytes | None, environ: Mapping[str, str], http: "HttpClient", now: datetime
) -> None:
    """Remember an instance that lives in a TUF repository: it is fetched now, from this root on.

    Args:   instance: only name, location.mirror and the OIDC members are looked at.
            root: a TUF root of any version that leads to the current one; None: for the public repositories alone.
    Raises: as `add_instance`; UnavailableError: the repository does not answer; TufMetadataError.
    """
    check_name(instance.name)
    assert instance.location is not None
    mirror = instance.location.mirror
    check_mirror(mirror)
    root = embedded_file(mirror, "root.json") if root is None else root
    if root is None:
        raise UsageError(
            f"the mirror {mirror} is not one that we know the root of", code="usage.instance", hint="give --root"
        )
    root_version(root)  # a file that is no TUF root is named as such, before the network is asked
    _check_free(read_registered(environ), instance.name)
    home = home_directory(environ)
    workshop = os.path.join(home, "instances", f".{random_bytes(6).hex()}.tmp")
    with _named_failures(home):
        os.makedirs(workshop, mode=0o700)
    try:
        with _named_failures(home):
            write_atomically(os.path.join(workshop, "root.json"), root)
        location = CacheLocation(os.path.join(workshop, "tuf"), mirror, os.path.join(workshop, "root.json"))
        refresh(location, http=http, now=now, anchor=root, fresh=True)
        with _changing(environ) as registered:
            changed = _with(registered, instance._replace(kind="tuf"))
            folder = os.path.join(home, "instances", instance.name)
            shutil.rmtree(folder, ignore_errors=True)  # what an interrupted `add` or `remove` left behind
            os.rename(workshop, folder)
            _store(changed, environ)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def stack_instance(name: str, data: str) -> Instance:
    """The instance that a running private Sigstore is: the documents that its stack.json names.

    Raises: UsageError: nothing runs there; MalformedError: not a stack.json.
    """
    data = os.path.abspath(data)
    path = os.path.join(data, "stack.json")
    if not os.path.exists(path):
        raise UsageError(
            f"no stack is running in {data}", code="usage.instance", hint=f"pycosign stack up --data {data}"
        )
    fields = Fields(
        load_json(read_given_file(path, STACK_FILE_BYTES), what=path, max_bytes=STACK_FILE_BYTES), path, protojson=False
    )
    paths = {
        "trusted_root.json": os.path.join(data, fields.text("trusted_root")),
        "signing_config.v0.2.json": os.path.join(data, fields.text("signing_config")),
    }
    return Instance(name, "stack", paths=paths, data=data)


def use_instance(name: str | None, environ: Mapping[str, str]) -> None:
    """Make this the instance that is meant when none is said; None: back to what `initialize` set up."""
    with _changing(environ) as registered:
        if name is not None and name not in BUILT_IN and name not in registered.instances:
            raise _unknown(name)
        _store(registered._replace(in_use=name), environ)


def remove_instance(name: str, environ: Mapping[str, str]) -> bool:
    """Forget an instance, and what was kept of its repository. Returns whether it was the one in use."""
    if name in BUILT_IN:
        raise UsageError(f"the instance {name} is built in and cannot be removed", code="usage.instance")
    with _changing(environ) as registered:
        if name not in registered.instances:
            raise _unknown(name)
        kept = {key: instance for key, instance in registered.instances.items() if key != name}
        was_used = registered.in_use == name
        _store(Registered(None if was_used else registered.in_use, kept), environ)
        shutil.rmtree(os.path.join(home_directory(environ), "instances", name), ignore_errors=True)
    return was_used


def _with(registered: Registered, instance: Instance) -> Registered:
    _check_free(registered, instance.name)
    if len(registered.instances) >= INSTANCES:
        raise UsageError(f"there are {INSTANCES} instances already", code="usage.instance")
    return registered._replace(instances={**registered.instances, instance.name: instance})


def _check_free(registered: Registered, name: str) -> None:
    if name in registered.instances:
        raise UsageError(
            f"there is an instance {name} already", code="usage.instance", hint=f"pycosign instance remove {name}"
        )


def _unknown(name: str) -> UsageError:
    return UsageError(
        f"there is no instance {name!r}", code="usage.instance", hint="`pycosign instance list` shows them"
    )


@contextmanager
def _changing(environ: Mapping[str, str]) -> Iterator[Registered]:
    """What is registered, while no other process changes it."""
    home = home_directory(environ)
    with _named_failures(home):
        os.makedirs(home, mode=0o700, exist_ok=True)
        with lock_directory(home):
            yield read_registered(environ)


def _store(registered: Registered, environ: Mapping[str, str]) -> None:
    try:
        content = format_registered(registered)
    except UnicodeEncodeError as exc:
        raise UsageError(
            "what is not UTF-8 cannot be remembered of an instance", code="usage.instance", hint="rename the file"
        ) from exc
    write_atomically(instances_path(environ), content)


@contextmanager
def _named_failures(home: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise UnavailableError(f"cannot write to {home}: {exc.strerror or exc}", code="unavailable.file") from exc

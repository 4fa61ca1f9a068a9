"""Shell lines that make Cosign, and others' integration tests, use a running stack.

Never COSIGN_* URLs or SIGSTORE_* key files: Cosign 3 then fails with "cannot specify service URLs and use signing
config" or "trusted root is required".
"""

import os
import shlex

from pycosign.ambient import Clock, utc_now
from pycosign.errors import UnavailableError
from pycosign.instances.tuf_cache import CacheLocation, TufCache, lock_cache
from pycosign.stack.files import DataDir
from pycosign.stack.idp.core import DEFAULT_EMAIL
from pycosign.stack.token import issue

__all__ = ["lines", "variables"]


def variables(data_dir: str, *, clock: Clock = utc_now) -> dict[str, str]:
    """The variables, in the order in which they are shown. The TUF cache that they name is ready to be used.

    Raises: UsageError: no stack serves the directory. UnavailableError: the cache cannot be written.
    """
    data = DataDir(data_dir)
    stack = data.read_stack_json()
    cache = data.join("tuf-cache")
    _fill_cache(data, CacheLocation(cache, stack["tuf"], stack["tuf_root"]), clock)
    return {
        "TUF_ROOT": cache,
        "TUF_MIRROR": stack["tuf"],
        "TUF_ROOT_JSON": stack["tuf_root"],
        "SIGSTORE_ID_TOKEN": issue(data_dir, email=DEFAULT_EMAIL, clock=clock),
        "FULCIO_URL": stack["fulcio"],
        "REKOR_URL": stack["rekor"],
        "TSA_URL": stack["tsa"],
        "OIDC_URL": stack["oidc"],
        "ISSUER_URL": stack["oidc"],
        "CT_LOG_KEY": stack["ctlog_key"],
        "TRUSTED_ROOT": stack["trusted_root"],
        "SIGNING_CONFIG": stack["signing_config"],
    }


def lines(data_dir: str, *, clock: Clock = utc_now) -> list[str]:
    """One `export NAME=VALUE` for each variable, quoted for a POSIX shell. Raises as `variables`."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables(data_dir, clock=clock).items()]


def _fill_cache(data: DataDir, location: CacheLocation, clock: Clock) -> None:
    """What `cosign initialize` would leave behind, from the repository's own files."""
    files = {}
    try:
        for name, stored in (
            ("root.json", "1.root.json"),
            ("timestamp.json", "timestamp.json"),
            ("snapshot.json", "1.snapshot.json"),
            ("targets.json", "1.targets.json"),
        ):
            with open(data.join("tuf", stored), "rb") as stream:
                files[name] = stream.read()
        for name in ("trusted_root.json", "signing_config.v0.2.json"):
            with open(data.join("trust", name), "rb") as stream:
                files[f"targets/{name}"] = stream.read()
        os.makedirs(location.directory, mode=0o700, exist_ok=True)
        with lock_cache(location):
            cache = TufCache(location)
            cache.store(files, at=clock())
            cache.remember_mirror()
    except OSError as exc:
        raise UnavailableError(f"cannot write the TUF cache {location.directory}: {exc.strerror or exc}") from exc

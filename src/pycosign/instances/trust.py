"""Which trust root, and which signing config: a file, the TUF cache (refreshed when due), or what is built in.

When is the cache refreshed? Cosign asks the mirror on every run; here it is asked when the cache is a day old or older
than the caller allows, when its metadata expired, or when it lacks the file, and never with `offline`. Offline, expired
metadata is accepted and its age reported.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pycosign.errors import SigningError, UnavailableError, UsageError
from pycosign.files import read_given_file
from pycosign.limits import SIGNING_CONFIG_BYTES, TRUSTED_ROOT_BYTES
from pycosign.record import Record
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.trusted_root import TrustedRoot, parse_trusted_root

if TYPE_CHECKING:
    from pycosign.instances.named import Instance
    from pycosign.instances.tuf_cache import CachedTarget, CacheLocation
    from pycosign.net.http import HttpClient
    from pycosign.wire.signing_config import SigningConfig

__all__ = [
    "SIGNING_CONFIG",
    "SIGNING_CONFIG_REKOR_V2",
    "TRUSTED_ROOT",
    "Document",
    "LoadedTrust",
    "TrustSource",
    "load_document",
    "load_signing_config",
    "load_trust",
    "refuse_age_limit",
    "span_words",
]

REFRESH_AFTER: Final = timedelta(days=1)
_CLOCK_STEP: Final = timedelta(minutes=5)  # a clock that was set back by less has not lost the date
TRUSTED_ROOT: Final = "trusted_root.json"
SIGNING_CONFIG: Final = "signing_config.v0.2.json"
SIGNING_CONFIG_REKOR_V2: Final = "signing_config_rekor_v2.v0.2.json"  # of the public repository alone
_BUILT_IN: Final = "built in"


class TrustSource(Record):
    """Everything that decides where trust comes from."""

    environ: Mapping[str, str]
    now: datetime
    http: "Callable[[], HttpClient] | None" = None  # None is offline: no socket is opened
    max_age: timedelta | None = None  # --max-trust-age: older than this is refreshed, or an error
    instance: "Instance | None" = None  # None: the TUF repository that the environment or `initialize` names


class Document(Record):
    """A trust document's bytes, and how far to believe that they are current."""

    content: bytes
    source: str  # a path, a mirror's URL, or "built in"
    age: timedelta | None = None  # since the repository was last asked; None: a file of the caller's, or built in
    warnings: tuple[str, ...] = ()


class LoadedTrust(Record):
    """A trust root, ready for verification, and as it was written."""

    trust: TrustRoot
    root: TrustedRoot
    document: Document


def load_trust(source: TrustSource, *, path: str | None = None) -> LoadedTrust:
    """The trust root: of the file `--trusted-root`, else of the instance, else of TUF.

    Raises: UsageError: no such file; MalformedError; TufMetadataError; UnavailableError: the repository does not
            answer and the cache does not suffice, or is older than `max_age`.
    """
    document = load_document(source, TRUSTED_ROOT, path=path, max_bytes=TRUSTED_ROOT_BYTES)
    root = parse_trusted_root(document.content)
    return LoadedTrust(compile_trust(root), root, document)


def load_signing_config(
    source: TrustSource, *, path: str | None = None, name: str = SIGNING_CONFIG
) -> "tuple[SigningConfig, Document]":
    """The signing config: of the file `--signing-config`, else of the instance, else of TUF by its name there.

    Raises: as `load_trust`.
    """
    from pycosign.wire.signing_config import parse_signing_config

    document = load_document(source, name, path=path, max_bytes=SIGNING_CONFIG_BYTES)
    return parse_signing_config(document.content), document


def load_document(source: TrustSource, name: str, *, path: str | None, max_bytes: int) -> Document:
    """A target of the TUF repository, or a file in its place."""
    if path:
        refuse_age_limit(source, path)
        return Document(read_given_file(path, max_bytes), path)
    if source.instance is not None and source.instance.location is None:
        refuse_age_limit(source, f"the instance {source.instance.name}")
        return _from_files(source.instance, name, max_bytes)
    return _from_tuf(source, name)


def refuse_age_limit(source: TrustSource, what: str) -> None:
    """A file has no age: nobody knows when it was current, and a limit is not passed over in silence.

    Raises: UsageError: there is a limit.
    """
    if source.max_age is not None:
        raise UsageError(
            f"--max-trust-age is for trust from a TUF repository, and {what} comes from files, which have no age",
            hint="leave --max-trust-age out (PYCOSIGN_MAX_TRUST_AGE sets it too), or use the repository",
        )


def _from_files(instance: "Instance", name: str, max_bytes: int) -> Document:
    """A document of an instance that lives in files."""
    if instance.trust_config:
        return _from_trust_config(instance.trust_config, name)
    path = instance.paths.get(name)
    if path is None:
        raise UsageError(
            f"the instance {instance.name} has no {name}",
            code="usage.instance",
            hint="without a signing config an instance can only verify" if name == SIGNING_CONFIG else None,
        )
    return Document(read_given_file(path, max_bytes), path)


def _from_trust_config(path: str, name: str) -> Document:
    from pycosign.wire.signing_config import format_signing_config, parse_client_trust_config
    from pycosign.wire.trusted_root import format_trusted_root

    root, config = parse_client_trust_config(read_given_file(path, TRUSTED_ROOT_BYTES), what=path)
    return Document(format_trusted_root(root) if name == TRUSTED_ROOT else format_signing_config(config), path)


def _from_tuf(source: TrustSource, name: str) -> Document:
    from pycosign.instances.embedded import embedded_file  # a file of the caller's needs none of this
    from pycosign.instances.tuf_cache import locate_cache

    location = source.instance.location if source.instance is not None else None
    location = location or locate_cache(source.environ)
    cached, problem = _read_cache(location, name)
    if source.http is not None and (cached is None or _is_due(cached, source)):
        return _refreshed(source, location, name, cached)
    if cached is not None:
        return _checked_age(_cached_document(location, cached, source.now), source)
    if problem is not None:
        raise problem
    built_in = embedded_file(location.mirror, name) if location.anchor_path is None else None  # what is pinned decides
    if built_in is None:
        raise UnavailableError(
            f"{name} of {location.mirror} is not in the TUF cache {location.directory}", code="tuf.not-cached"
        )
    warning = f"using the {name} that is built in: the TUF cache {location.directory} holds none"
    return _checked_age(Document(built_in, _BUILT_IN, None, (warning,)), source)


def _read_cache(location: "CacheLocation", name: str) -> "tuple[CachedTarget | None, SigningError | None]":
    """The cached file, or why it cannot be used: a damaged cache is replaced online, and an error offline."""
    from pycosign.instances.tuf_cache import TufCache

    try:
        return TufCache(location).read_target(name), None
    except UsageError:
        raise
    except SigningError as exc:
        return None, exc


def _is_due(cached: "CachedTarget", source: TrustSource) -> bool:
    if cached.expires_at <= source.now or cached.refreshed_at is None:
        return True
    age = source.now - cached.refreshed_at
    return not timedelta(0) <= age < REFRESH_AFTER or (source.max_age is not None and age > source.max_age)


def _refreshed(source: TrustSource, location: "CacheLocation", name: str, cached: "CachedTarget | None") -> Document:
    from pycosign.instances.refresh import refresh

    assert source.http is not None
    try:
        content = refresh(location, http=source.http(), now=source.now).targets.get(name)
    except UnavailableError as exc:
        # A cache that is merely a day old still serves; an expired one does not: that is what expiry is for.
        if cached is None or cached.expires_at <= source.now:
            raise
        document = _cached_document(location, cached, source.now)
        warning = f"the TUF repository does not answer ({exc}); using the cache"
        return _checked_age(document._replace(warnings=(*document.warnings, warning)), source, f"; {exc}")
    if content is None:
        raise UnavailableError(f"the TUF repository {location.mirror} has no {name}", code="tuf.no-target")
    return Document(content, location.mirror, timedelta(0))


def _cached_document(location: "CacheLocation", cached: "CachedTarget", now: datetime) -> Document:
    age = _age_of(cached, now)
    warnings: tuple[str, ...] = ()
    if cached.expires_at <= now:
        since = "at an unknown time" if age is None else f"{age.days} days ago"
        warnings = (f"trust metadata of {location.mirror} has expired; it was last refreshed {since}",)
    return Document(cached.content, location.mirror, age, warnings)


def _age_of(cached: "CachedTarget", now: datetime) -> timedelta | None:
    """How long ago the repository was asked: never less than the time since its metadata expired, which is signed.

    None: the date beside the cache is missing, or has not come yet, and so is wrong.
    """
    if cached.refreshed_at is None or cached.refreshed_at > now + _CLOCK_STEP:
        return None
    return max(now - cached.refreshed_at, now - cached.expires_at, timedelta(0))


def _checked_age(document: Document, source: TrustSource, why: str = "") -> Document:
    if source.max_age is None:
        return document
    if document.age is None or document.age > source.max_age:
        age = "of unknown age" if document.age is None else f"{span_words(document.age)} old"
        raise UnavailableError(
            f"trust from {document.source} is {age}; the limit is {span_words(source.max_age)}{why}", code="tuf.too-old"
        )
    return document


def span_words(span: timedelta) -> str:
    """A span in its largest unit of which it has two at least: "3 days", "47 hours", "90 minutes", "9 seconds"."""
    seconds = span.total_seconds()
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:g} seconds"

"""Whom to trust: the keys and authorities of a Sigstore, and how old what we know of them is."""

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pycosign.ambient import Clock, environment, utc_now
from pycosign.api.paths import path_text
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, STAGING_MIRROR
from pycosign.limits import TRUSTED_ROOT_BYTES
from pycosign.verify.trust import TrustRoot, compile_trust, trust_from_material
from pycosign.wire.trusted_root import parse_trusted_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pycosign.instances.trust import Document, TrustSource

__all__ = ["Trust", "source_of", "tuf_environment", "tuf_source"]


class Trust:
    """A trust root, ready for verification. It never changes, so threads may share it.

    It is loaded once: a program that runs for long makes a new one every day or so, and sees by `age` when it is due.

    Args:   root: compiled keys and authorities. source: where they came from: a path, a URL, or "built in".
            asked_at: when the repository behind it was last asked; None: nobody knows, or there is none.
            warnings: what is doubtful about it, in sentences. clock: what says the time; tests set it.
    Raises: nothing.
    """

    __slots__ = ("_now", "_root", "asked_at", "source", "warnings")

    def __init__(
        self,
        root: TrustRoot,
        *,
        source: str,
        asked_at: datetime | None = None,
        warnings: tuple[str, ...] = (),
        clock: Clock = utc_now,
    ) -> None:
        self._root = root
        self._now = clock
        self.source = source
        self.asked_at = asked_at
        self.warnings = warnings

    def __repr__(self) -> str:
        return f"<Trust of {self.source}>"

    @property
    def age(self) -> timedelta | None:
        """How long ago the repository was asked.

        Returns: the age; None for a file of the caller's, for what is built in, and where nobody noted it.
        Raises:  nothing.
        """
        return None if self.asked_at is None else max(self._now() - self.asked_at, timedelta(0))

    @classmethod
    def public(
        cls,
        *,
        offline: bool = False,
        max_age: timedelta | None = None,
        cache: "str | os.PathLike[str] | None" = None,
    ) -> "Trust":
        """The public good instance, sigstore.dev.

        Its TUF repository is asked when the cache is a day old, has expired, or is empty. The cached files are checked
        again at each load, from the root that is part of this package.

        Args:    offline: open no socket: take the cache however old it is, else what is built in.
                 max_age: ask also when the cache is older, and refuse to go on with that. cache: a directory; by
                 default ~/.sigstore/root, which Cosign uses too. Proxies and TLS authorities are the environment's.
        Returns: its trust root.
        Raises:  UnavailableError: the repository does not answer and the cache does not suffice; `tuf.too-old`;
                 RefusedError, MalformedError: what the repository or the cache says cannot be trusted.
        Source:  The Update Framework, 1.0; sigstore/root-signing.
        """
        return cls._of_tuf(tuf_environment(PUBLIC_GOOD_MIRROR, cache=cache), offline=offline, max_age=max_age)

    @classmethod
    def staging(
        cls,
        *,
        offline: bool = False,
        max_age: timedelta | None = None,
        cache: "str | os.PathLike[str] | None" = None,
    ) -> "Trust":
        """The public staging instance, sigstage.dev, for tests of clients: never for what matters.

        Args:    as of `public`.
        Returns: its trust root.
        Raises:  as `public`.
        """
        return cls._of_tuf(tuf_environment(STAGING_MIRROR, cache=cache), offline=offline, max_age=max_age)

    @classmethod
    def tuf(
        cls,
        mirror: str,
        *,
        root: "str | os.PathLike[str]",
        offline: bool = False,
        max_age: timedelta | None = None,
        cache: "str | os.PathLike[str] | None" = None,
    ) -> "Trust":
        """A private instance that publishes its trust root in a TUF repository.

        Args:    mirror: URL of the repository. root: path of a root.json that you got in a way that you trust; the
                 repository's current one must descend from it. offline, max_age, cache: as of `public`.
        Returns: its trust root.
        Raises:  as `public`; UsageError: `mirror` is no URL, or `root` cannot be read.
        """
        return cls._of_tuf(tuf_environment(mirror, root=root, cache=cache), offline=offline, max_age=max_age)

    @classmethod
    def named(cls, name: str, *, offline: bool = False, max_age: timedelta | None = None) -> "Trust":
        """An instance that `pycosign instance add` gave a name to; "public" and "staging" are built in.

        Args:    name: of the instance. offline, max_age: as of `public`. PYCOSIGN_HOME or HOME say where names are.
        Returns: its trust root.
        Raises:  as `public`; UsageError: there is no instance of this name.
        """
        return cls._load(source_of(name, offline=offline, max_age=max_age))

    @classmethod
    def from_environment(cls, *, offline: bool = False, max_age: timedelta | None = None) -> "Trust":
        """What the command line would use here, without flags.

        That is the instance of PYCOSIGN_INSTANCE; the mirror and cache of TUF_ROOT, TUF_MIRROR and TUF_ROOT_JSON; the
        instance that `pycosign instance use` chose; or the mirror that `pycosign initialize` chose. No other function
        reads these variables. The key files of SIGSTORE_* are not looked at.

        Args:    offline, max_age: as of `public`.
        Returns: its trust root.
        Raises:  as `public`; UsageError: there is no instance of this name.
        """
        return cls._load(source_of(None, offline=offline, max_age=max_age))

    @classmethod
    def from_file(cls, path: "str | os.PathLike[str]") -> "Trust":
        """A trusted_root.json. Nobody is asked, and how old it is nobody knows.

        Args:    path: of the file; at most 16 MiB.
        Returns: its trust root.
        Raises:  UsageError: there is no such file; UnavailableError: it cannot be read; MalformedError.
        """
        from pycosign.files import read_given_file

        name = path_text(path)
        return cls.from_json(read_given_file(name, TRUSTED_ROOT_BYTES), source=name)

    @classmethod
    def from_json(cls, content: bytes, *, source: str = "the caller", clock: Clock = utc_now) -> "Trust":
        """A trusted_root.json that is in memory.

        Args:    content: the JSON document. source: what `Trust.source` shall say. clock: as of the class.
        Returns: its trust root.
        Raises:  MalformedError.
        Source:  sigstore/protobuf-specs, sigstore_trustroot.proto.
        """
        return cls(compile_trust(parse_trusted_root(content)), source=source, clock=clock)

    @classmethod
    def from_pem(
        cls,
        roots: bytes,
        *,
        intermediates: bytes | None = None,
        log_keys: "Iterable[bytes]" = (),
        certificate_log_keys: "Iterable[bytes]" = (),
        timestamp_chain: bytes | None = None,
        source: str = "the caller",
        clock: Clock = utc_now,
    ) -> "Trust":
        """A PKI of one's own, whose certificates need not be like Fulcio's, and the logs that it has, if any.

        Each alternative name of a certificate may be the demanded identity, also a host's. Where no OIDC issuer
        vouches, demand `Identity(NAME, issuer=Regexp("^$"))`. Without a log, verification needs `Waiver.TLOG` and
        `Waiver.SCT`, and certificates must be valid now, or when a timestamp was made.

        Args:    roots: PEM certificates, each an anchor. intermediates: PEM certificates below them, none an anchor.
                 log_keys, certificate_log_keys: PEM public keys. timestamp_chain: PEM certificates of a timestamp
                 authority, in any order. source, clock: as of `from_json`.
        Returns: its trust root, without validity windows of its own.
        Raises:  MalformedError: not PEM of its kind, or none.
        Source:  sigstore/cosign, --ca-roots and --ca-intermediates; docs/compatibility.md.
        """
        root = trust_from_material(
            ca_roots_pem=roots,
            ca_intermediates_pem=intermediates,
            rekor_keys_pem=log_keys,
            ct_keys_pem=certificate_log_keys,
            tsa_chain_pem=timestamp_chain,
        )
        return cls(root, source=source, clock=clock)

    @classmethod
    def _of_tuf(cls, environ: "Mapping[str, str]", *, offline: bool, max_age: timedelta | None) -> "Trust":
        return cls._load(tuf_source(environ, offline=offline, max_age=max_age))

    @classmethod
    def _load(cls, source: "TrustSource") -> "Trust":
        from pycosign.instances.trust import load_trust

        loaded = load_trust(source)
        return cls(
            loaded.trust,
            source=loaded.document.source,
            asked_at=_asked_at(loaded.document, source.now),
            warnings=loaded.document.warnings,
        )


def tuf_environment(
    mirror: str,
    *,
    root: "str | os.PathLike[str] | None" = None,
    cache: "str | os.PathLike[str] | None" = None,
) -> dict[str, str]:
    """The variables that name one repository and its cache, in place of the process's own.

    Raises: UsageError: the mirror is no URL: it is never the public one in its place.
    """
    from pycosign.instances.refresh import check_mirror

    check_mirror(mirror if isinstance(mirror, str) and mirror.isascii() else ascii(mirror))
    named = {"TUF_MIRROR": mirror}
    if root is not None:
        named["TUF_ROOT_JSON"] = path_text(root)
    if cache is not None:
        named["TUF_ROOT"] = path_text(cache)
    return named


def tuf_source(environ: "Mapping[str, str]", *, offline: bool, max_age: timedelta | None = None) -> "TrustSource":
    """Where to look for what the repository publishes."""
    from pycosign.api.signers import http_client
    from pycosign.instances.trust import TrustSource

    return TrustSource(environ, utc_now(), None if offline else http_client, max_age)


def source_of(name: str | None, *, offline: bool, max_age: timedelta | None = None) -> "TrustSource":
    """Where to look for what an instance publishes, by its name; None: the one that the environment means."""
    from pycosign.instances.named import resolve_instance

    environ = environment()
    meant = environ.get("PYCOSIGN_INSTANCE") or None if name is None else name
    instance = resolve_instance(meant, environ)
    return tuf_source(environ, offline=offline, max_age=max_age)._replace(instance=instance)


def _asked_at(document: "Document", now: datetime) -> datetime | None:
    return None if document.age is None else now - document.age

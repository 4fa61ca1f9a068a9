"""A Sigstore as a client sees it: whom to trust, and where to sign."""

import os
from typing import TYPE_CHECKING

from pycosign.ambient import Clock, utc_now
from pycosign.api.paths import path_text
from pycosign.api.signers import http_client
from pycosign.api.trust import Trust, source_of, tuf_environment, tuf_source
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, STAGING_MIRROR
from pycosign.limits import SIGNING_CONFIG_BYTES
from pycosign.wire.signing_config import parse_signing_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.instances.trust import TrustSource
    from pycosign.net.http import HttpClient
    from pycosign.sign.services import SigningServices

__all__ = ["Instance"]


class Instance:
    """A Sigstore to sign with: its trust root, and its signing config, which names the services.

    It never changes, and threads may share it: connections are pooled. Each request has 180 s; proxies and TLS
    authorities are the environment's.

    Args:   trust: whom to trust; what was signed is verified under it before it is handed out.
            signing_config: the JSON document, at most 1 MiB. clock: what says the time; tests set it.
    Raises: MalformedError: the signing config is not one.
    Source: sigstore/protobuf-specs, sigstore_trustroot.proto.
    """

    __slots__ = ("_clock", "_config", "_http", "trust")

    def __init__(self, trust: Trust, signing_config: bytes, *, clock: Clock = utc_now) -> None:
        self.trust = trust
        self._config = parse_signing_config(signing_config)
        self._clock = clock
        self._http: HttpClient | None = None

    def __repr__(self) -> str:
        return f"<Instance of {self.trust.source}>"

    @classmethod
    def public(cls, *, offline: bool = False, cache: "str | os.PathLike[str] | None" = None) -> "Instance":
        """The public good instance, sigstore.dev: what is signed there is public for ever.

        Args:    offline, cache: as of `Trust.public`, for trust root and signing config; signing itself asks services.
        Returns: the instance.
        Raises:  as `Trust.public`.
        """
        return cls._of_tuf(tuf_environment(PUBLIC_GOOD_MIRROR, cache=cache), offline=offline)

    @classmethod
    def staging(cls, *, offline: bool = False, cache: "str | os.PathLike[str] | None" = None) -> "Instance":
        """The public staging instance, sigstage.dev, for tests of clients.

        Args:    as of `public`.
        Returns: the instance.
        Raises:  as `Trust.public`.
        """
        return cls._of_tuf(tuf_environment(STAGING_MIRROR, cache=cache), offline=offline)

    @classmethod
    def tuf(
        cls,
        mirror: str,
        *,
        root: "str | os.PathLike[str]",
        offline: bool = False,
        cache: "str | os.PathLike[str] | None" = None,
    ) -> "Instance":
        """A private instance that publishes its trust root and signing config in a TUF repository.

        Args:    as of `Trust.tuf`.
        Returns: the instance.
        Raises:  as `Trust.tuf`.
        """
        return cls._of_tuf(tuf_environment(mirror, root=root, cache=cache), offline=offline)

    @classmethod
    def named(cls, name: str, *, offline: bool = False) -> "Instance":
        """An instance that `pycosign instance add` gave a name to; "public" and "staging" are built in.

        Args:    name: of the instance. offline: as of `public`.
        Returns: the instance.
        Raises:  as `Trust.named`; UsageError: it has no signing config.
        """
        return cls._load(source_of(name, offline=offline))

    @classmethod
    def from_environment(cls, *, offline: bool = False) -> "Instance":
        """What the command line would use here: see `Trust.from_environment`.

        Args:    offline: as of `public`.
        Returns: the instance.
        Raises:  as `Trust.from_environment`; UsageError: it has no signing config.
        """
        return cls._load(source_of(None, offline=offline))

    @classmethod
    def from_files(
        cls, *, trusted_root: "str | os.PathLike[str]", signing_config: "str | os.PathLike[str]"
    ) -> "Instance":
        """An instance that is known by two files. Nobody is asked for them.

        Args:    trusted_root, signing_config: paths of the JSON documents.
        Returns: the instance.
        Raises:  UsageError: there is no such file; UnavailableError: it cannot be read; MalformedError.
        """
        from pycosign.files import read_given_file

        config = read_given_file(path_text(signing_config), SIGNING_CONFIG_BYTES)
        return cls(Trust.from_file(trusted_root), config)

    @classmethod
    def _of_tuf(cls, environ: "Mapping[str, str]", *, offline: bool) -> "Instance":
        return cls._load(tuf_source(environ, offline=offline))

    @classmethod
    def _load(cls, source: "TrustSource") -> "Instance":
        from pycosign.instances.trust import SIGNING_CONFIG, load_document

        trust = Trust._load(source)
        config = load_document(source, SIGNING_CONFIG, path=None, max_bytes=SIGNING_CONFIG_BYTES)
        return cls(trust, config.content)

    def _services(self) -> "SigningServices":
        """The services for one signature, chosen anew. Raises: UsageError: none of a kind that is listed is usable."""
        from pycosign.instances.services import services_from_config

        return services_from_config(self._config, now=self._clock())

    def _client(self) -> "HttpClient":
        """The client for its services, the same for every caller."""
        if self._http is None:
            self._http = http_client()
        return self._http

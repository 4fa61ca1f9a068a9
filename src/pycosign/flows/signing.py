"""What every signing flow shares: who signs, which services testify, and the check of our own result.

The order is Cosign's: key, signature, certificate, timestamps, log, self-check. Nothing is written or sent to a
registry here, so a failure at any step leaves nothing behind but, perhaps, a log entry.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from pycosign.ambient import Clock
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import Signer, generate_signer
from pycosign.errors import UsageError
from pycosign.sign.assemble import Testimony
from pycosign.sign.services import SigningServices
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import AnyText, Requirements, SignerIdentity, SignerKey, Waiver
from pycosign.verify.trust import TrustRoot
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.log_entry import LogEntry

if TYPE_CHECKING:
    from pycosign.clients.oidc import IdentityToken
    from pycosign.net.http import HttpClient

__all__ = [
    "KeySigning",
    "KeylessSigning",
    "Signing",
    "SigningContext",
    "begin_signing",
    "check_own_evidence",
    "collect_testimony",
]

DEFAULT_ALGORITHM = "ecdsa-sha2-256-nistp256"


class KeySigning(NamedTuple):
    """A key of the caller's signs, alone or with a certificate that the caller has for it."""

    signer: Signer
    chain_der: tuple[bytes, ...] = ()  # --certificate and --certificate-chain: leaf first


class KeylessSigning(NamedTuple):
    """A certificate authority vouches for whoever holds the token; the key lives for one signature."""

    token: "IdentityToken"
    algorithm: str = DEFAULT_ALGORITHM
    signer: Signer | None = None  # --issue-certificate: the caller's own key gets the certificate


class SigningContext(NamedTuple):
    """Everything around one signature besides the artifact."""

    means: KeySigning | KeylessSigning
    services: SigningServices
    clock: Clock
    http: "HttpClient | None" = None  # None only when no service is used
    timestamp_http: "HttpClient | None" = None  # --timestamp-client-*: another TLS identity; None: `http`
    trust: TrustRoot | None = None  # for the self-check; without it a logged signature leaves unchecked
    progress: Callable[[str], None] = lambda message: None


class Signing(NamedTuple):
    """A signature being made: the key is there, a certificate perhaps not yet."""

    context: SigningContext
    signer: Signer

    @property
    def public_key(self) -> PublicKey:
        return self.signer.public_key

    @property
    def is_logged(self) -> bool:
        return bool(self.context.services.logs)

    @property
    def log_version(self) -> int | None:
        """The API version of the logs that take part (a signing config selects one); None: no log."""
        return max((log.api_version for log in self.context.services.logs), default=None)


def begin_signing(context: SigningContext) -> Signing:
    """Check that the request makes sense, and have a key ready.

    Raises: UsageError: a certificate of another key; keyless without a certificate authority; keyless into Rekor v2
            without a timestamp (nothing would then prove that the certificate was valid).
    """
    means, services = context.means, context.services
    if isinstance(means, KeySigning):
        _check_own_certificate(means)
        return Signing(context, means.signer)
    if services.fulcio_url is None:
        raise UsageError("no certificate authority is configured", hint="name one in the signing config")
    if any(log.api_version == 2 for log in services.logs) and not services.timestamp_urls:
        raise UsageError(
            "a timestamp authority must be provided to request a short-lived certificate that will be logged to Rekor"
        )
    if means.signer is not None:
        return Signing(context, means.signer)
    context.progress("Generating ephemeral keys...")
    return Signing(context, generate_signer(means.algorithm))


def collect_testimony(
    signing: Signing, content: MessageSignature | Envelope, *, chain_der: tuple[bytes, ...] = ()
) -> Testimony:
    """Get the certificate, the timestamps and the log entries for one signature.

    Args:   chain_der: a certificate that this key has got already for another signature of the same run.
    Raises: ServiceRejectedError, UnavailableError, MalformedError as the services answer.
    """
    context = signing.context
    context.progress("Signing artifact...")
    testimony = Testimony(signing.public_key, chain_der or _obtain_chain(signing))
    signature = content.signatures[0].signature if isinstance(content, Envelope) else content.signature
    testimony = testimony._replace(timestamps=_obtain_timestamps(context, signature))
    return testimony._replace(entries=_log(context, content, testimony))


def check_own_evidence(signing: Signing, evidence: Evidence, artifact: Artifact) -> None:
    """Verify what was just made, as a stranger would, before it leaves the machine.

    Without a trust root only a bare key's signature without log and timestamps can be checked. Whoever the
    certificate authority says we are is accepted; a certificate of the caller's own need not be in a certificate log.

    Raises: RefusedError, MalformedError: a service gave something that does not verify.
    """
    from pycosign.verify.pipeline import verify

    context = signing.context
    if context.trust is None and (evidence.chain_der or evidence.entries or evidence.timestamps):
        return
    waivers = set()
    if not context.services.logs:
        waivers.add(Waiver.TLOG)
    if not isinstance(context.means, KeylessSigning) or context.trust is None or not context.trust.ct_logs:
        waivers.add(Waiver.SCT)
    # whoever our own certificate says that we are
    signer = SignerIdentity(AnyText(), AnyText()) if evidence.chain_der else SignerKey(signing.public_key)
    requirements = Requirements(
        signer,
        waivers=frozenset(waivers),
        use_signed_timestamps=bool(context.services.timestamp_urls),
    )
    verify(evidence, artifact, trust=context.trust, requirements=requirements, now=context.clock())


def _check_own_certificate(means: KeySigning) -> None:
    if not means.chain_der:
        return
    from pycosign.crypto.certificate import parse_certificate

    if parse_certificate(means.chain_der[0]).spki_der != means.signer.public_key.spki_der:
        raise UsageError("public key in certificate does not match the provided public key")


def _http(context: SigningContext) -> "HttpClient":
    if context.http is None:
        raise UsageError("signing with these services needs the network")
    return context.http


def _obtain_chain(signing: Signing) -> tuple[bytes, ...]:
    context = signing.context
    if isinstance(context.means, KeySigning):
        return context.means.chain_der
    from pycosign.clients.fulcio import request_certificate

    assert context.services.fulcio_url is not None  # begin_signing
    return request_certificate(
        _http(context), context.services.fulcio_url, token=context.means.token, signer=signing.signer
    )


def _obtain_timestamps(context: SigningContext, signature: bytes) -> tuple[bytes, ...]:
    if not context.services.timestamp_urls:
        return ()
    from pycosign.clients.tsa import request_timestamp

    http = context.timestamp_http or _http(context)
    return tuple(request_timestamp(http, url, signature) for url in context.services.timestamp_urls)


def _log(context: SigningContext, content: MessageSignature | Envelope, testimony: Testimony) -> tuple[LogEntry, ...]:
    if not context.services.logs:
        return ()
    from pycosign.clients import rekor_v1, rekor_v2
    from pycosign.sign.log_request import log_request

    http = _http(context)
    entries = []
    for log in context.services.logs:
        client = rekor_v2 if log.api_version == 2 else rekor_v1
        request = log_request(content, testimony, api_version=log.api_version)
        entries.append(client.add_entry(http, log.url, request))
    return tuple(entries)

"""What can go wrong, in one table: families, codes, exit statuses and HTTP statuses.

A family says what kind of answer it is; the code says which check. Vectors, metrics, reports and docs use the code,
never the sentence. Every class here with a `code` of its own is listed in docs/errors.md, which is generated.

Exit statuses: 0 verified; 1 refused, malformed or usage; 10, 11, 12 as Cosign gives them; 20 unavailable;
130 interrupted.
"""

__all__ = [
    "REFINED",
    "AnnotationMismatchError",
    "ArtifactDigestMismatchError",
    "ArtifactNameMismatchError",
    "CertificateSubstitutionError",
    "CheckpointError",
    "ClaimMismatchError",
    "EntryMismatchError",
    "IdentityMismatchError",
    "ImageNotFoundError",
    "InterruptedBySignalError",
    "InvalidCertificatePathError",
    "InvalidPromiseError",
    "InvalidSctError",
    "InvalidSignatureError",
    "InvalidTimestampError",
    "IssuerMismatchError",
    "KeyMismatchError",
    "KeyOutsideWindowError",
    "LogStateError",
    "LogThresholdError",
    "MalformedError",
    "MissingEntryError",
    "MissingTimestampError",
    "NoCandidateAcceptedError",
    "NoMatchingSignaturesError",
    "NoSignaturesError",
    "NotValidAtTimeError",
    "OverloadedError",
    "PasswordError",
    "PredicateTypeMismatchError",
    "RefusedError",
    "RevokedArtifactError",
    "RevokedCertificateError",
    "RevokedIdentityError",
    "RevokedKeyError",
    "RootMismatchError",
    "ServiceRejectedError",
    "SigningError",
    "TimestampOutsideValidityError",
    "TimestampThresholdError",
    "UnavailableError",
    "UnknownLogError",
    "UsageError",
]


class SigningError(Exception):
    """The base of every error that pycosign raises on purpose.

    check: which check of a verification failed (one of `verify.pipeline.CHECKS`); None outside of one.
    proved: what the checks before it gave, by their names. It only serves reports: of what is refused nothing counts.
    causes: of an answer over several signatures, why each was not accepted. code: says what is wrong, for programs
    (docs/errors.md). family: "refused", "malformed", "unavailable" or "usage". exit_status, http_status: what the
    command line and the services end with.
    """

    check: str | None = None
    proved: dict[str, object] | None = None
    causes: "tuple[SigningError, ...]" = ()
    code = "error"
    family = "error"
    exit_status = 1
    http_status = 500


class MalformedError(SigningError):
    """Bytes from outside do not have the form that their format demands. Names the field."""

    code = "malformed"
    family = "malformed"
    http_status = 400

    def __init__(self, what: str, problem: str, *, code: str | None = None) -> None:
        self.what, self.problem = what, problem
        if code is not None:
            self.code = code
        super().__init__(f"{what} {problem}")


class RefusedError(SigningError):
    """The evidence is well-formed, and the answer is no."""

    code = "refused"
    family = "refused"
    http_status = 400


class UnavailableError(SigningError):
    """Could not find out: a registry, log, file or service did not answer. Never read as "no" and never as "yes"."""

    code = "unavailable"
    family = "unavailable"
    exit_status = 20
    http_status = 503

    def __init__(self, message: str, *, code: str | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(message)


class UsageError(SigningError):
    """The caller asked for something impossible or contradictory: flags, arguments, configuration."""

    code = "usage"
    family = "usage"
    http_status = 400

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        self.hint = hint
        if code is not None:
            self.code = code
        super().__init__(message)


class InterruptedBySignalError(SigningError):
    """Ctrl-C or SIGTERM arrived; what was begun has been undone."""

    code = "interrupted"
    family = "interrupted"
    exit_status = 130


# ---- what the verifier refuses -------------------------------------------------------------------------------------
class ArtifactDigestMismatchError(RefusedError):
    """The signature speaks of another artifact."""

    code = "artifact.digest-mismatch"


class ArtifactNameMismatchError(RefusedError):
    """The attestation names the file it is about, and it is another one. Source: PEP 740."""

    code = "artifact.name-mismatch"


class InvalidSignatureError(RefusedError):
    """The signature does not verify under the demanded key or the certificate's key."""

    code = "signature.invalid"


class KeyMismatchError(RefusedError):
    """The evidence was made with another key, or with a certificate where a key was demanded."""

    code = "key.mismatch"


class KeyOutsideWindowError(RefusedError):
    """The signature was made at a moment for which the demanded key does not count. GHSA-wqqc-jjcq-vfxm."""

    code = "key.outside-window"


class IdentityMismatchError(RefusedError):
    """The certificate names another identity than the one demanded."""

    code = "identity.mismatch"


class IssuerMismatchError(RefusedError):
    """The certificate names another OIDC issuer than the one demanded."""

    code = "issuer.mismatch"


class ClaimMismatchError(RefusedError):
    """The certificate lacks a claim (one of Fulcio's extensions) that is demanded, or has another value."""

    code = "claim.mismatch"


class AnnotationMismatchError(RefusedError):
    """The signed annotations are not those that the caller demanded."""

    code = "annotation.mismatch"


class PredicateTypeMismatchError(RefusedError):
    """The signed statement is of another predicate type than the one demanded."""

    code = "predicate-type.mismatch"


class MissingEntryError(RefusedError):
    """No transparency log entry that counts is in the evidence."""

    code = "tlog.missing"


class UnknownLogError(RefusedError):
    """The log entry comes from a log that the trust root does not know, or did not trust then."""

    code = "tlog.unknown-log"


class LogThresholdError(RefusedError):
    """Fewer distinct transparency logs hold the signature than are demanded. GHSA-9vcr-p3rj-q5q6."""

    code = "tlog.threshold"


class EntryMismatchError(RefusedError):
    """The log entry speaks of another signature, artifact, key or certificate."""

    code = "tlog.entry-mismatch"


class RootMismatchError(RefusedError):
    """The inclusion proof leads to another root than the checkpoint signs. Source: RFC 9162, 2.1.3.2."""

    code = "tlog.root-mismatch"


class InvalidPromiseError(RefusedError):
    """The log's signed promise (SET) does not verify."""

    code = "tlog.promise-invalid"


class CheckpointError(RefusedError):
    """The checkpoint is not signed by the log, or is not of this tree."""

    code = "checkpoint.invalid"


class NotValidAtTimeError(RefusedError):
    """The certificate was not valid at a moment that the evidence proves."""

    code = "cert.not-valid-at-time"


class InvalidCertificatePathError(RefusedError):
    """The certificate does not lead to a trusted authority, or may not be used to sign code."""

    code = "cert.untrusted"


class TimestampOutsideValidityError(RefusedError):
    """A signed timestamp lies outside the validity of the certificate or of its authority."""

    code = "timestamp.outside-validity"


class InvalidTimestampError(RefusedError):
    """A signed timestamp does not verify, or stamps another signature."""

    code = "timestamp.invalid"


class MissingTimestampError(RefusedError):
    """No trustworthy time is in the evidence, and one is needed."""

    code = "timestamp.missing"


class TimestampThresholdError(RefusedError):
    """Fewer distinct timestamp authorities saw the signature than are demanded. GHSA-9vcr-p3rj-q5q6."""

    code = "timestamp.threshold"


class InvalidSctError(RefusedError):
    """The certificate carries no proof that it was put into a certificate log, or one that does not verify."""

    code = "sct.invalid"


class CertificateSubstitutionError(RefusedError):
    """A legacy bundle's `cert` field offers a key or certificate in place of the demanded key. GHSA-fx35-mq7g-6g98."""

    code = "legacy.cert-substitution"


class RevokedArtifactError(RefusedError):
    """A revocation list names the artifact."""

    code = "revoked.artifact"


class RevokedIdentityError(RefusedError):
    """A revocation list names the identity that signed, for the time at which it did."""

    code = "revoked.identity"


class RevokedKeyError(RefusedError):
    """A revocation list names the key that signed, for the time at which it did."""

    code = "revoked.key"


class RevokedCertificateError(RefusedError):
    """A revocation list names the certificate that signed."""

    code = "revoked.certificate"


class NoCandidateAcceptedError(RefusedError):
    """The file holds several signatures or attestations, and none was accepted. `causes` holds each one's reason."""

    code = "bundle.none-accepted"

    def __init__(self, message: str, causes: tuple[SigningError, ...] = ()) -> None:
        self.causes = causes
        super().__init__(message)


# ---- what image verification refuses, with Cosign's own exit statuses ----------------------------------------------
class NoSignaturesError(RefusedError):
    """The image exists and has no signature."""

    code = "image.no-signatures"
    exit_status = 10
    http_status = 404


class ImageNotFoundError(RefusedError):
    """The registry answered that the tag or repository does not exist."""

    code = "image.not-found"
    exit_status = 11
    http_status = 404


class NoMatchingSignaturesError(RefusedError):
    """The image has signatures, and none of them was accepted. `causes` holds each one's reason."""

    code = "image.no-matching-signatures"
    exit_status = 12

    def __init__(self, message: str, causes: tuple[SigningError, ...] = ()) -> None:
        self.causes = causes
        super().__init__(message)


# ---- what a signing service refuses ----------------------------------------------------------------------------------
class ServiceRejectedError(RefusedError):
    """A certificate authority, log or timestamp authority understood the request and said no."""

    code = "service.rejected"


# ---- keys ----------------------------------------------------------------------------------------------------------
class PasswordError(RefusedError):
    """The password does not open the private key."""

    code = "key.wrong-password"


# ---- services ------------------------------------------------------------------------------------------------------
class LogStateError(RefusedError):
    """A log's stored state contradicts itself, its key or its checkpoint: it must not be served or appended to."""

    code = "stack.log-state"
    http_status = 500


class OverloadedError(UnavailableError):
    """A service has more outstanding work than it accepts: try again later."""

    code = "stack.overloaded"
    http_status = 503


# ---- codes that refine a family where no class of its own is needed ------------------------------------------------
REFINED = {  # code: (family, meaning); every `code="..."` in the package is here or on a class, a test holds it
    "algorithm.unsupported": ("malformed", "A signature or digest algorithm that pycosign does not know."),
    "artifact.needed": ("unavailable", "The signature does not say what it is of: the file itself is needed."),
    "artifact.unreadable": ("unavailable", "The file to verify could not be read; in a batch also: there is none."),
    "batch.malformed-line": ("malformed", "A line of a batch that does not name an artifact and its bundle."),
    "batch.worker-lost": ("unavailable", "A process that verified for a batch ended by itself."),
    "bundle.unreadable": ("unavailable", "The bundle file could not be read; in a batch also: there is none."),
    "key.not-importable": ("usage", "A private key in a form that `import-key-pair` does not take."),
    "key.needed": ("unavailable", "The signature was made with a key, which must be given to check it."),
    "key.unavailable": ("unavailable", "The key's file or address could not be read."),
    "key.unsupported": ("malformed", "A key of a kind, curve or size that pycosign does not use."),
    "key.weak": ("usage", "A private key that no certificate authority would certify."),
    "net.certificate": ("unavailable", "The server's TLS certificate is not trusted."),
    "net.connection": ("unavailable", "No connection, or it broke."),
    "net.proxy": ("unavailable", "The proxy did not let the request through."),
    "net.proxy-settings": ("usage", "The environment names a proxy that cannot be used."),
    "net.rate-limited": ("unavailable", "The server asks to come back later (429), also after the retries."),
    "net.redirect": ("unavailable", "A redirect that is not followed."),
    "net.response-too-large": ("malformed", "The answer is larger than what is expected at most."),
    "net.timeout": ("unavailable", "The time that `--timeout` gives is over."),
    "net.tls": ("unavailable", "No TLS connection could be made."),
    "net.tls-options": ("usage", "A CA bundle or client certificate that was given cannot be used."),
    "net.unknown-host": ("unavailable", "The host's name is not known."),
    "net.url": ("unavailable", "Not a URL that can be asked."),
    "oidc.ambient": ("unavailable", "The surroundings promise an identity token and did not give one."),
    "oidc.no-device-flow": ("unavailable", "The issuer offers no device flow."),
    "oidc.no-token": ("usage", "The surroundings hold no identity token."),
    "policy.malformed": (
        "usage",
        "A policy file with something wrong in it; the message names the field.",
    ),
    "registry.credential-helper": ("unavailable", "A credential helper failed or did not answer."),
    "registry.credentials": ("unavailable", "The credential configuration cannot be used."),
    "registry.denied": ("unavailable", "The registry forbids it (403)."),
    "registry.fallback-tag": ("malformed", "The tag that lists referrers holds something else."),
    "registry.rate-limited": ("unavailable", "The registry asks to come back later (429)."),
    "registry.token-service": ("unavailable", "The service that gives out registry tokens did not."),
    "registry.too-large": ("malformed", "A manifest or blob is larger than what is accepted."),
    "registry.too-many": ("malformed", "More layers, referrers or pages than what is accepted."),
    "registry.unauthorized": ("unavailable", "The registry wants credentials, or other ones (401)."),
    "revocation.digest-unknown": ("unavailable", "A revocation list names files by a digest that is not known here."),
    "revocation.expired": ("unavailable", "A revocation list has expired: what was revoked since is not known."),
    "revocation.not-yet-issued": ("unavailable", "A revocation list is dated later than now."),
    "revocation.untrusted": ("usage", "A revocation list that is malformed, or not signed by whom the policy names."),
    "signing-config.no-service": ("usage", "The signing config names no service that can be used now."),
    "stack.closing": ("unavailable", "The service is shutting down."),
    "stack.format-version": ("usage", "The data directory was written by another version."),
    "timestamp.not-granted": ("malformed", "The timestamp authority's answer grants nothing."),
    "timestamp.unknown-extension": ("malformed", "A timestamp request with an extension that is not understood."),
    "tuf.cache": ("unavailable", "The TUF cache could not be read, written or locked."),
    "tuf.expired": ("unavailable", "The repository's metadata has expired."),
    "tuf.no-root": ("unavailable", "No pinned root for this repository: `initialize` sets it."),
    "tuf.no-target": ("unavailable", "The repository lacks a file that is needed."),
    "tuf.not-cached": ("unavailable", "Offline, and the file was never fetched."),
    "tuf.too-old": ("unavailable", "The trust data is older than `--max-trust-age` allows."),
    "tuf.unavailable": ("unavailable", "The TUF repository could not be asked."),
    "unavailable.file": ("unavailable", "A file exists and could not be read or written."),
    "usage.declined": ("usage", "The question was answered with no."),
    "usage.file": ("usage", "A file that was named does not exist or cannot be made."),
    "usage.instance": ("usage", "No such instance, or one that contradicts what else was said."),
    "usage.unknown-command": ("usage", "No such command."),
    "usage.unsupported": ("usage", "A command, flag or value of Cosign's that is not supported yet."),
}

"""What can go wrong, in one table: families, codes, exit statuses and HTTP statuses.

A family says what kind of answer it is; the code says which check. Vectors, metrics, reports and docs use the code,
never the sentence. Every class here with a `code` of its own is listed in docs/errors.md, which is generated; codes
without a class are in `error_codes`.

Exit statuses: 0 verified; 1 refused, malformed or usage; 10, 11, 12 as Cosign gives them; 20 unavailable;
130 interrupted.
"""

__all__ = [
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

    def __reduce__(self) -> "tuple[object, ...]":
        """For pools of processes, which send errors to their caller: with everything but `proved`, which holds keys."""
        members = {name: value for name, value in self.__dict__.items() if name != "proved"}
        return _restored, (type(self), self.args, members)


def _restored(kind: type[SigningError], words: "tuple[object, ...]", members: "dict[str, object]") -> SigningError:
    error = kind.__new__(kind, *words)
    error.__dict__.update(members)
    return error


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
    """The image has signatures, and none was accepted (with a bundle among them status 1, as Cosign). See `causes`."""

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

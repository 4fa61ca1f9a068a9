"""Does a log entry speak of *this* signature, *this* artifact and *this* key or certificate?

The lesson of CVE-2022-23649, CVE-2022-36056 and CVE-2026-22703: one rule, for every kind of entry and every format.
"""

from pycosign.codec.pem import parse_pem
from pycosign.crypto.algorithms import algorithm_of_details, algorithm_of_signature
from pycosign.crypto.certificate import Certificate
from pycosign.crypto.digests import digest_of, sha256
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import EntryMismatchError
from pycosign.verify.evidence import Evidence
from pycosign.verify.signature import SignedContent
from pycosign.wire.dsse import Envelope, envelope_spellings
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.rekor_body import (
    LogBody,
    Verifier,
    format_hashedrekord_v1,
    format_hashedrekord_v2,
    parse_rekor_body,
)

__all__ = ["check_binding", "is_rekor_v2", "names_signer"]


def check_binding(entry: LogEntry, evidence: Evidence, signed: SignedContent) -> LogBody:
    """Compare an entry's body with what was signed.

    Raises: EntryMismatchError: it speaks of something else.
            MalformedError: the body is not canonical, or of a kind that we do not know.
    """
    expected = _expected_body(entry, signed)
    if expected is not None:
        return expected
    body = parse_rekor_body(entry.body)
    if (body.kind, body.version) != (entry.kind, entry.version):
        raise EntryMismatchError(
            f"the log entry is called {f'{entry.kind} {entry.version}'[:100]!r}, "
            f"but its body is {body.kind} {body.version}"
        )
    if body.kind in ("hashedrekord", "rekord"):
        _check_hashedrekord(body, signed)
    else:
        _check_envelope_entry(body, evidence)
    _check_algorithm(body, signed)
    if len(body.verifiers) != 1 or not names_signer(body, signed.key, signed.certificate):
        raise EntryMismatchError(f"the log entry names another {_signer_word(signed)} than the one that signed")
    return body


def _expected_body(entry: LogEntry, signed: SignedContent) -> LogBody | None:
    """What the log writes of this very signature, if the entry is just that, byte for byte: nothing is left to compare.

    Nearly every entry is. None: it has to be read, and compared member by member.
    """
    digest = signed.digest(signed.hash_name) if entry.kind == "hashedrekord" and signed.hash_name else None
    if digest is None:
        return None
    signature, certificate, key = signed.signature, signed.certificate, signed.key
    if entry.version == "0.0.1":
        pem = key.pem() if certificate is None else certificate.pem()
        if entry.body != format_hashedrekord_v1(signed.hash_name, digest, signature, pem):
            return None
        return LogBody("hashedrekord", "0.0.1", signed.hash_name, digest, (signature,), (pem,), "pem")
    algorithm = algorithm_of_signature(key.kind, signed.hash_name, is_pss=signed.is_pss)
    if algorithm is None or entry.version != "0.0.2":
        return None
    kind, der = ("key-der", key.spki_der) if certificate is None else ("certificate-der", certificate.der)
    if entry.body != format_hashedrekord_v2(
        signed.hash_name, digest, signature, Verifier(kind, der, algorithm.details)
    ):
        return None
    return LogBody(
        "hashedrekord", "0.0.2", signed.hash_name, digest, (signature,), (der,), kind, None, (algorithm.details,)
    )


def is_rekor_v2(body: LogBody) -> bool:
    """True for the kinds that only Rekor v2 stores: their logs sign no time and name checkpoints by host."""
    return body.verifier_kind != "pem"


def names_signer(body: LogBody, key: PublicKey, certificate: Certificate | None) -> bool:
    """True if the body's first verifier is this certificate, or without one this key.

    Raises: MalformedError: the verifier is not PEM of a certificate or key.
    """
    verifier = body.verifiers[0]
    if body.verifier_kind == "certificate-der":
        return certificate is not None and verifier == certificate.der
    if body.verifier_kind == "key-der":
        return certificate is None and verifier == key.spki_der
    if certificate is not None and verifier == certificate.pem():  # as every client writes it
        return True
    # Rekor v1 takes a chain as well; the first certificate is the one that it checked the signature with.
    block = parse_pem(verifier, what="log entry verifier")[0]
    if block.label == "CERTIFICATE":
        return certificate is not None and block.der == certificate.der
    return certificate is None and load_public_key(verifier, what="log entry verifier").spki_der == key.spki_der


def _check_hashedrekord(body: LogBody, signed: SignedContent) -> None:
    if body.signatures != (signed.signature,):
        raise EntryMismatchError("the log entry is for another signature")
    digest = signed.digest(body.digest_algorithm)
    if digest is None:
        raise EntryMismatchError(
            f"the log entry states a {body.digest_algorithm} digest, and the artifact was not hashed with that"
        )
    if digest != body.digest:
        raise EntryMismatchError(
            f"the log entry is for {body.digest_algorithm}:{body.digest.hex()}, but what was signed is {digest.hex()}"
        )
    if signed.hash_name != body.digest_algorithm and body.key_details:
        raise EntryMismatchError(f"the log entry is over {body.digest_algorithm}, and the signature is not")


def _check_algorithm(body: LogBody, signed: SignedContent) -> None:
    """Rekor v2 names the algorithm: kind of key, hash and padding must be the signature's own."""
    for details in body.key_details:
        algorithm = algorithm_of_details(details)
        if algorithm is None or (algorithm.kind, algorithm.hash_name or "", algorithm.is_pss) != (
            signed.key.kind,
            signed.hash_name,
            signed.is_pss,
        ):
            raise EntryMismatchError(
                f"the log entry names the algorithm {details[:60]!r}, which is not the signature's"
            )


def _check_envelope_entry(body: LogBody, evidence: Evidence) -> None:
    envelope = evidence.content
    if not isinstance(envelope, Envelope):
        raise EntryMismatchError(f"the log entry is for an envelope ({body.kind}), but the {evidence.source} has none")
    if body.digest != digest_of(body.digest_algorithm, envelope.payload):
        raise EntryMismatchError("the log entry is for another payload")
    if body.signatures:
        if body.signatures != (evidence.signature,):
            raise EntryMismatchError("the log entry is for another signature")
        return
    # intoto 0.0.1 holds no signature: only the digest of the whole envelope, as it was submitted, binds it. A bundle
    # does not keep those bytes; they are one of the known spellings, and each binds every member.
    stored = envelope_spellings(envelope) if evidence.envelope_bytes is None else (evidence.envelope_bytes,)
    if all(body.envelope_digest != sha256(spelling) for spelling in stored):
        raise EntryMismatchError("the log entry is for another envelope")


def _signer_word(signed: SignedContent) -> str:
    return "key" if signed.certificate is None else "certificate"

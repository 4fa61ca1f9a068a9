"""Rare kinds of log entries and of signatures: rekord, RSASSA-PSS, ML-DSA, intoto 0.0.1 in a bundle."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.artifact import artifact_from_digest
from pycosign.verify.evidence import Evidence
from pycosign.verify.needs import message_needed
from pycosign.verify.requirements import Waiver
from pycosign.wire.dsse import Envelope, format_envelope, format_go_envelope
from pycosign.wire.rekor_body import (
    Verifier,
    format_dsse_v1,
    format_dsse_v2,
    format_hashedrekord_v1,
    format_hashedrekord_v2,
    format_intoto_v001,
    format_rekord_v1,
)
from tests.crypto.ml_dsa import MlDsaSigner, generate_ml_dsa
from tests.verify.attempts import OTHER, Attempt, by_key, flipped
from tests.verify.factory import ARTIFACT, SIGNED_AT, Log, World
from tests.verify.issuing import Issued
from tests.verify.pss import PssSigner

DIGEST = hashlib.sha256(ARTIFACT).digest()
KEY, OTHER_KEY = generate_signer("ecdsa-p256"), generate_signer("ecdsa-p256")
RSA = PssSigner(2048)
ML_DSA: MlDsaSigner = generate_ml_dsa("ml-dsa-44")
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"%b"}}],' % (
    DIGEST.hex().encode()
)
STATEMENT += b'"predicateType":"https://example.com/p","predicate":{}}'


def refuse(world: World, evidence: Evidence, key: PublicKey | None, *codes: str, artifact: Any = None) -> None:
    requirements = None if key is None else by_key(key)
    attempt = Attempt(evidence, requirements=requirements)
    with pytest.raises(SigningError) as refusal:
        (attempt if artifact is None else attempt._replace(artifact=artifact)).run(world)
    assert refusal.value.code in codes, refusal.value


# ---- rekord --------------------------------------------------------------------------------------------------------
def rekord(world: World, evidence: Evidence, digest: bytes, signature: bytes, pem: bytes) -> Evidence:
    body = format_rekord_v1(digest, signature, pem)
    return evidence._replace(entries=(world.log_v1.append("rekord", "0.0.1", body, SIGNED_AT),))


def test_a_rekord_is_bound_to_signature_artifact_and_key(world: World) -> None:
    evidence = world.blob(KEY, log=None)
    pem = KEY.public_key.pem()
    good = rekord(world, evidence, DIGEST, evidence.signature, pem)
    (entry,) = Attempt(good, requirements=by_key(KEY.public_key)).run(world).log_entries
    assert (entry.kind, entry.proved_by) == ("rekord 0.0.1", ("promise", "inclusion"))
    for digest, signature, verifier in (
        (flipped(DIGEST), evidence.signature, pem),
        (DIGEST, KEY.sign(ARTIFACT), pem),
        (DIGEST, flipped(evidence.signature), pem),
        (DIGEST, evidence.signature, OTHER_KEY.public_key.pem()),
        (DIGEST, evidence.signature, Issued(world.ca.certificate, KEY).certificate.public_bytes(_pem_encoding())),
    ):
        bad = rekord(world, evidence, digest, signature, verifier)
        refuse(world, bad, KEY.public_key, "tlog.entry-mismatch")
    refuse(world, good, KEY.public_key, "artifact.digest-mismatch", artifact=OTHER)


def _pem_encoding() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.PEM


def test_a_rekord_is_not_called_a_hashedrekord_nor_the_other_way(world: World) -> None:
    evidence = world.blob(KEY, log=None)
    pem = KEY.public_key.pem()
    for written, kind in ((format_rekord_v1(DIGEST, evidence.signature, pem), "hashedrekord"),
                          (format_hashedrekord_v1("sha256", DIGEST, evidence.signature, pem), "rekord")):  # fmt: skip
        entry = world.log_v1.append(kind, "0.0.1", written, SIGNED_AT)
        refuse(world, evidence._replace(entries=(entry,)), KEY.public_key, "tlog.entry-mismatch")


def test_a_rekord_of_a_pure_ed25519_signature_needs_the_file(world: World) -> None:
    signer = generate_signer("ed25519")
    signature = signer.sign(ARTIFACT)
    bare = world.blob(signer, log=None)
    content = bare.content._replace(signature=signature, digest_algorithm="sha256", digest=DIGEST)  # type: ignore[call-arg]
    evidence = bare._replace(signature=signature, content=content)
    logged = rekord(world, evidence, DIGEST, signature, signer.public_key.pem())
    requirements = by_key(signer.public_key)
    assert message_needed(logged, requirements)
    assert Attempt(logged, requirements=requirements).run(world).log_entries[0].kind == "rekord 0.0.1"
    known = artifact_from_digest(f"sha256:{DIGEST.hex()}")
    refuse(world, logged, signer.public_key, "artifact.digest-mismatch", artifact=known)


# ---- RSASSA-PSS ----------------------------------------------------------------------------------------------------
def hashed_v2(world: World, signer: Any, details: str, signature: bytes | None = None) -> Evidence:
    """A file signed with a key, in a Rekor v2 that names the algorithm `details`."""
    evidence = world.blob(signer, log=None, stamped_at=SIGNED_AT)
    if signature is not None:
        content = evidence.content._replace(signature=signature)  # type: ignore[call-arg]
        stamp = world.stamp(signature)
        evidence = evidence._replace(signature=signature, content=content, timestamps=(stamp,))
    verifier = Verifier("key-der", signer.public_key.spki_der, details)
    body = format_hashedrekord_v2("sha256", DIGEST, evidence.signature, verifier)
    return evidence._replace(entries=(world.log_v2.append("hashedrekord", "0.0.2", body, None),))


def test_the_log_entry_says_which_rsa_signature_it_is(world: World) -> None:
    key = RSA.public_key
    good = hashed_v2(world, RSA, "PKIX_RSA_PSS_2048_SHA256")
    assert Attempt(good, requirements=by_key(key)).run(world).log_entries
    refuse(world, hashed_v2(world, RSA, "PKIX_RSA_PKCS1V15_2048_SHA256"), key, "signature.invalid")
    signer = generate_signer("rsa-2048")
    other = hashed_v2(world, signer, "PKIX_RSA_PSS_2048_SHA256")
    refuse(world, other, signer.public_key, "signature.invalid")
    for details in ("PKIX_RSA_PSS_3072_SHA256", "PKIX_RSA_PSS", "PKCS1_RSA_PSS"):
        refuse(world, hashed_v2(world, RSA, details), key, "tlog.entry-mismatch")
    refuse(world, hashed_v2(world, RSA, "PKIX_RSA_PSS_2048_SHA512"), key, "signature.invalid")


def test_nobody_else_may_say_that_it_is_pss(world: World) -> None:
    for log in ("v1", None):
        evidence = world.blob(RSA, log=log, stamped_at=SIGNED_AT)
        requirements = by_key(RSA.public_key, *([] if log else [Waiver.TLOG]))
        with pytest.raises(SigningError) as refusal:
            Attempt(evidence, requirements=requirements).run(world)
        assert refusal.value.code == "signature.invalid"


def test_two_entries_that_disagree_about_it_are_refused(world: World) -> None:
    good = hashed_v2(world, RSA, "PKIX_RSA_PSS_2048_SHA256")
    other = hashed_v2(world, RSA, "PKIX_RSA_PKCS1V15_2048_SHA256", good.signature)
    for entries in ((*good.entries, *other.entries), (*other.entries, *good.entries)):
        refuse(world, good._replace(entries=entries), RSA.public_key, "tlog.entry-mismatch")


@pytest.mark.parametrize("bit", [0, 7, 1000, 2047])
def test_a_changed_pss_signature_is_refused(world: World, bit: int) -> None:
    good = hashed_v2(world, RSA, "PKIX_RSA_PSS_2048_SHA256")
    bad = hashed_v2(world, RSA, "PKIX_RSA_PSS_2048_SHA256", flipped(good.signature, bit))
    refuse(world, bad, RSA.public_key, "signature.invalid")


def test_a_log_signs_as_the_trust_root_says(world: World) -> None:
    pss, plain = PssSigner(2048), generate_signer("rsa-2048")
    for signer, details, good in (
        (pss, "PKIX_RSA_PSS_2048_SHA256", True),
        (pss, "PKIX_RSA_PSS", True),
        (pss, "PKIX_RSA_PKCS1V15_2048_SHA256", False),
        (pss, "", False),
        (plain, "PKIX_RSA_PKCS1V15_2048_SHA256", True),
        (plain, "PKIX_RSA_PKCS1V5", True),
        (plain, "PKIX_RSA_PSS_2048_SHA256", False),
        (plain, "PKIX_RSA_PSS", False),
    ):
        url, origin, name = world.log_v1.url, world.log_v1.origin, world.log_v1.name
        world.log_v1 = Log(url, origin, name, signer, is_v2=False)
        keys = world.trusted_root().tlogs
        trust = world.trust(tlogs=(keys[0]._replace(key_details=details), keys[1]))
        attempt = Attempt(world.blob(), trust=trust)
        if good:
            attempt.run(world)
        else:
            with pytest.raises(SigningError) as refusal:
                attempt.run(world)
            assert refusal.value.code == "tlog.promise-invalid"


# ---- ML-DSA --------------------------------------------------------------------------------------------------------
def test_ml_dsa_signs_the_file_itself(world: World) -> None:
    evidence = world.blob(ML_DSA, log=None)
    requirements = by_key(ML_DSA.public_key, Waiver.TLOG)
    assert message_needed(evidence, requirements)
    Attempt(evidence, requirements=requirements).run(world)
    known = artifact_from_digest(f"sha256:{DIGEST.hex()}")
    for attempt in (
        Attempt(evidence, artifact=known, requirements=requirements),
        Attempt(evidence, artifact=OTHER, requirements=requirements),
        Attempt(evidence, requirements=by_key(generate_ml_dsa("ml-dsa-44").public_key, Waiver.TLOG)),
        Attempt(evidence._replace(signature=flipped(evidence.signature, 99)), requirements=requirements),
    ):
        with pytest.raises(SigningError) as refusal:
            attempt.run(world)
        assert refusal.value.code in ("artifact.digest-mismatch", "signature.invalid", "key.mismatch")


def dsse_v2(world: World, signer: Any, details: str) -> Evidence:
    evidence = world.attestation(STATEMENT, signer, log=None, stamped_at=SIGNED_AT)
    verifier = Verifier("key-der", signer.public_key.spki_der, details)
    body = format_dsse_v2("sha256", hashlib.sha256(STATEMENT).digest(), [(evidence.signature, verifier)])
    return evidence._replace(entries=(world.log_v2.append("dsse", "0.0.2", body, None),))


@pytest.mark.parametrize(
    ("make", "right", "wrong"),
    [
        (lambda: ML_DSA, "ML_DSA_44", ("ML_DSA_65", "ML_DSA_87", "PKIX_ED25519", "ml-dsa-44", "")),
        (lambda: generate_signer("ed25519"), "PKIX_ED25519", ("PKIX_ED25519_PH", "ML_DSA_44")),
        (lambda: KEY, "PKIX_ECDSA_P256_SHA_256", ("PKIX_ECDSA_P384_SHA_256", "PKIX_ECDSA_P384_SHA_384", "EC")),
    ],
)
def test_an_entry_names_the_algorithm_of_the_envelope_s_signature(
    world: World, make: Callable[[], Any], right: str, wrong: tuple[str, ...]
) -> None:
    signer = make()
    Attempt(dsse_v2(world, signer, right), requirements=by_key(signer.public_key)).run(world)
    for details in wrong:
        refuse(world, dsse_v2(world, signer, details), signer.public_key, "tlog.entry-mismatch")


def test_a_log_that_is_given_digests_holds_no_ml_dsa_signature(world: World) -> None:
    refuse(world, hashed_v2(world, ML_DSA, "ML_DSA_44"), ML_DSA.public_key, "tlog.entry-mismatch")


# ---- intoto 0.0.1 --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("spelling", [format_envelope, format_go_envelope])
def test_an_entry_of_the_envelope_s_digest_binds_every_member(
    world: World, spelling: Callable[[Envelope], bytes]
) -> None:
    evidence = world.attestation(STATEMENT, KEY, log=None)
    envelope = evidence.content
    assert isinstance(envelope, Envelope)

    def logged(digest: bytes, payload: bytes = STATEMENT, pem: bytes = KEY.public_key.pem()) -> Evidence:
        body = format_intoto_v001(digest, hashlib.sha256(payload).digest(), pem)
        return evidence._replace(entries=(world.log_v1.append("intoto", "0.0.1", body, SIGNED_AT),))

    digest = hashlib.sha256(spelling(envelope)).digest()
    Attempt(logged(digest), requirements=by_key(KEY.public_key)).run(world)
    refuse(world, logged(flipped(digest)), KEY.public_key, "tlog.entry-mismatch")
    refuse(world, logged(digest, b"{}"), KEY.public_key, "tlog.entry-mismatch")
    refuse(world, logged(digest, pem=OTHER_KEY.public_key.pem()), KEY.public_key, "tlog.entry-mismatch")
    again = envelope._replace(signatures=(envelope.signatures[0]._replace(signature=KEY.sign(b"x")),))
    refuse(world, logged(hashlib.sha256(spelling(again)).digest()), KEY.public_key, "tlog.entry-mismatch")
    named = envelope._replace(signatures=(envelope.signatures[0]._replace(keyid="other"),))
    refuse(world, logged(hashlib.sha256(spelling(named)).digest()), KEY.public_key, "tlog.entry-mismatch")


# ---- an envelope's entry without a signature -----------------------------------------------------------------
def test_an_entry_without_a_signature_names_nobody_and_ends_nothing(world: World) -> None:
    """No log writes one. It was read, and where the signature did not hold either, looking for its signer crashed."""
    body = format_dsse_v1(bytes(32), hashlib.sha256(STATEMENT).digest(), [])
    evidence = world.attestation(STATEMENT, KEY, log=None)
    evidence = evidence._replace(entries=(world.log_v1.append("dsse", "0.0.1", body, SIGNED_AT),))
    refuse(world, evidence, KEY.public_key, "malformed")
    refuse(world, evidence, OTHER_KEY.public_key, "signature.invalid", "key.mismatch")

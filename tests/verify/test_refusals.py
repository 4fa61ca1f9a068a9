"""Each way of being wrong is refused under its own code, and nothing else about the evidence is wrong."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import GithubWorkflow, Requirements, SignerIdentity, TextRule, Waiver
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.rekor_body import Verifier, format_hashedrekord_v1, format_hashedrekord_v2
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import (
    GOOD,
    OTHER,
    Attempt,
    as_legacy,
    by_key,
    certificate_pem,
    flipped,
    key_pem,
    waiving,
)
from tests.verify.factory import EPOCH, IDENTITY, ISSUER, NOW, SIGNED_AT, Issued, World

HOUR = timedelta(hours=1)
Case = Callable[[World], Attempt]
CASES: dict[str, tuple[str, Case]] = {}


def refused_as(code: str) -> Callable[[Case], Case]:
    """Put a case into the table; its name says what is wrong."""

    def put(build: Case) -> Case:
        CASES[build.__name__] = (code, build)
        return build

    return put


def edit_entry(evidence: Evidence, **changes: object) -> Evidence:
    return evidence._replace(entries=(evidence.entries[0]._replace(**changes),))  # type: ignore[arg-type]


def edit_proof(evidence: Evidence, **changes: object) -> Evidence:
    proof = evidence.entries[0].proof
    assert proof is not None
    return edit_entry(evidence, proof=proof._replace(**changes))  # type: ignore[arg-type]


# ---- artifact and signature ----------------------------------------------------------------------------------------
@refused_as("artifact.digest-mismatch")
def edited_artifact(world: World) -> Attempt:
    return Attempt(world.blob(), OTHER)


@refused_as("artifact.digest-mismatch")
def edited_artifact_under_a_legacy_bundle(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(as_legacy(world.blob(issued), certificate_pem(issued.der)), OTHER)


@refused_as("signature.invalid")
def edited_artifact_and_its_stated_digest(world: World) -> Attempt:
    evidence = world.blob()
    content = MessageSignature("sha256", OTHER.digests["sha256"], evidence.signature)
    # The log entry still tells which artifact the signature is for, but a signature that fails is said to fail.
    return Attempt(evidence._replace(content=content, entries=()), OTHER)


@refused_as("signature.invalid")
def edited_signature(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(signature=flipped(evidence.signature, 80)))


@refused_as("signature.invalid")
def signature_of_another_certificate_with_the_same_identity(world: World) -> Attempt:
    return Attempt(world.blob()._replace(chain_der=(world.certificate().der,)))


# ---- keys ----------------------------------------------------------------------------------------------------------
@refused_as("key.mismatch")
def wrong_key(world: World) -> Attempt:
    return Attempt(world.blob(generate_signer()), requirements=by_key(generate_signer().public_key))


@refused_as("key.mismatch")
def wrong_key_that_only_the_log_entry_tells(world: World) -> Attempt:
    evidence = world.blob(generate_signer())._replace(key_hint="our release key")
    return Attempt(evidence, requirements=by_key(generate_signer().public_key))


@refused_as("signature.invalid")
def wrong_key_that_nothing_tells(world: World) -> Attempt:
    evidence = world.blob(generate_signer(), log=None)._replace(key_hint=None)
    return Attempt(evidence, requirements=by_key(generate_signer().public_key, Waiver.TLOG))


@refused_as("signature.invalid")
def wrong_key_with_a_hint_that_names_the_demanded_one(world: World) -> Attempt:
    demanded = generate_signer()
    hint = world.blob(demanded, log=None).key_hint
    evidence = world.blob(generate_signer(), log=None)._replace(key_hint=hint)
    return Attempt(evidence, requirements=by_key(demanded.public_key, Waiver.TLOG))


@refused_as("key.mismatch")
def certificate_where_a_key_is_demanded(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(world.blob(issued), requirements=by_key(issued.signer.public_key))


@refused_as("key.mismatch")
def key_where_an_identity_is_demanded(world: World) -> Attempt:
    return Attempt(world.blob(generate_signer()))


@refused_as("legacy.cert-substitution")
def another_public_key_in_a_legacy_bundle(world: World) -> Attempt:
    attacker, demanded = generate_signer(), generate_signer()
    return Attempt(as_legacy(world.blob(attacker), key_pem(attacker)), requirements=by_key(demanded.public_key))


@refused_as("legacy.cert-substitution")
def another_public_key_in_a_legacy_bundle_that_the_demanded_key_signed(world: World) -> Attempt:
    demanded = generate_signer()
    evidence = as_legacy(world.blob(demanded), key_pem(generate_signer()))
    return Attempt(evidence, requirements=by_key(demanded.public_key))


@refused_as("legacy.cert-substitution")
def certificate_in_a_legacy_bundle_where_a_key_is_demanded(world: World) -> Attempt:
    issued = world.certificate()
    evidence = as_legacy(world.blob(issued), certificate_pem(issued.der))
    return Attempt(evidence, requirements=by_key(issued.signer.public_key))


@refused_as("legacy.cert-substitution")
def public_key_in_a_legacy_bundle_where_an_identity_is_demanded(world: World) -> Attempt:
    signer = generate_signer()
    return Attempt(as_legacy(world.blob(signer), key_pem(signer)))


# ---- identity ------------------------------------------------------------------------------------------------------
def demanding(identity: TextRule, issuer: TextRule, **workflow: str) -> Requirements:
    return Requirements(SignerIdentity(identity, issuer, GithubWorkflow(**workflow)))


@refused_as("identity.mismatch")
def wrong_identity(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=demanding(TextRule("other@example.com"), TextRule(ISSUER)))


@refused_as("identity.mismatch")
def identity_that_the_regexp_does_not_find(world: World) -> Attempt:
    rule = TextRule(regexp=r"^[a-z]+@example\.org$")
    return Attempt(world.blob(), requirements=demanding(rule, TextRule(ISSUER)))


@refused_as("identity.mismatch")
def identity_that_fits_the_regexp_but_not_the_exact_text(world: World) -> Attempt:
    rule = TextRule("other@example.com", regexp="example")
    return Attempt(world.blob(), requirements=demanding(rule, TextRule(ISSUER)))


@refused_as("identity.mismatch")
def two_names_of_which_one_is_demanded(world: World) -> Attempt:
    names = (x509.RFC822Name("other@example.com"), x509.RFC822Name(IDENTITY))
    return Attempt(world.blob(world.certificate(names=names)))


@refused_as("identity.mismatch")
def name_of_a_host(world: World) -> Attempt:
    issued = world.certificate(names=(x509.DNSName(IDENTITY.partition("@")[2]),))
    return Attempt(world.blob(issued), requirements=demanding(TextRule(regexp="."), TextRule(ISSUER)))


@refused_as("identity.mismatch")
def wrong_workflow_repository(world: World) -> Attempt:
    issued = world.certificate(claims={1: ISSUER, 5: "octo/fork", 8: ISSUER})
    wanted = demanding(TextRule(IDENTITY), TextRule(ISSUER), repository="octo/project")
    return Attempt(world.blob(issued), requirements=wanted)


@refused_as("issuer.mismatch")
def wrong_issuer(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=demanding(TextRule(IDENTITY), TextRule(ISSUER + "/")))


@refused_as("issuer.mismatch")
def two_issuers(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(claims={1: ISSUER, 8: "https://evil.example.com"})))


@refused_as("issuer.mismatch")
def no_issuer(world: World) -> Attempt:
    issued = world.certificate(claims={})
    return Attempt(world.blob(issued), requirements=demanding(TextRule(IDENTITY), TextRule(regexp=".*")))


# ---- log -----------------------------------------------------------------------------------------------------------
@refused_as("tlog.missing")
def no_log_entry(world: World) -> Attempt:
    return Attempt(world.blob(log=None, stamped_at=SIGNED_AT))


@refused_as("tlog.missing")
def no_log_entry_under_a_key(world: World) -> Attempt:
    signer = generate_signer()
    return Attempt(world.blob(signer, log=None), requirements=by_key(signer.public_key))


@refused_as("tlog.missing")
def log_entry_without_any_proof(world: World) -> Attempt:
    evidence = edit_entry(world.blob(stamped_at=SIGNED_AT), promise=None, proof=None)
    return Attempt(evidence._replace(proof_required=False))


@refused_as("tlog.missing")
def promise_alone_where_the_format_demands_a_proof(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), proof=None))


@refused_as("tlog.missing")
def rekor_v2_entry_without_inclusion_proof(world: World) -> Attempt:
    evidence = edit_entry(world.blob(log="v2", stamped_at=SIGNED_AT), proof=None)
    return Attempt(evidence._replace(proof_required=False))


@refused_as("tlog.unknown-log")
def entry_of_a_foreign_log(world: World) -> Attempt:
    return Attempt(World().blob(world.certificate()))


@refused_as("tlog.unknown-log")
def entry_of_a_log_that_had_been_retired(world: World) -> Attempt:
    v1, v2 = world.trusted_root().tlogs
    retired = v1._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(), trust=world.trust(tlogs=(retired, v2)))


@refused_as("tlog.unknown-log")
def rekor_v2_entry_stamped_after_the_log_had_been_retired(world: World) -> Attempt:
    v1, v2 = world.trusted_root().tlogs
    retired = v2._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(log="v2", stamped_at=SIGNED_AT), trust=world.trust(tlogs=(v1, retired)))


@refused_as("tlog.entry-mismatch")
def entry_of_another_signature(world: World) -> Attempt:
    issued = world.certificate()
    return Attempt(world.blob(issued)._replace(entries=world.blob(issued).entries))


@refused_as("tlog.entry-mismatch")
def rekor_v2_entry_of_another_signature(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued, log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(entries=world.blob(issued, log="v2").entries))


@refused_as("tlog.entry-mismatch")
def entry_of_this_signature_over_another_artifact(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued)
    body = format_hashedrekord_v1("sha256", OTHER.digests["sha256"], evidence.signature, certificate_pem(issued.der))
    entry = world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def entry_of_this_signature_under_another_certificate(world: World) -> Attempt:
    signer = generate_signer()
    first, second = world.certificate(signer), world.certificate(signer)
    evidence = world.blob(first)
    body = format_hashedrekord_v1("sha256", GOOD.digests["sha256"], evidence.signature, certificate_pem(second.der))
    entry = world.log_v1.append("hashedrekord", "0.0.1", body, SIGNED_AT)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def rekor_v2_entry_that_names_another_algorithm(world: World) -> Attempt:
    issued = world.certificate()
    evidence = world.blob(issued, log="v2", stamped_at=SIGNED_AT)
    verifier = Verifier("certificate-der", issued.der, "PKIX_ECDSA_P384_SHA_384")
    body = format_hashedrekord_v2("sha256", GOOD.digests["sha256"], evidence.signature, verifier)
    entry = world.log_v2.append("hashedrekord", "0.0.2", body, None)
    return Attempt(evidence._replace(entries=(entry,)))


@refused_as("tlog.entry-mismatch")
def entry_called_by_another_kind(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), version="0.0.2"))


@refused_as("tlog.entry-mismatch")
def second_entry_of_another_signature(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(entries=(*evidence.entries, *world.blob().entries)))


@refused_as("malformed")
def same_entry_twice(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(entries=evidence.entries * 2))


@refused_as("malformed")
def more_entries_than_allowed(world: World) -> Attempt:
    evidence = world.blob()
    entries = tuple(evidence.entries[0]._replace(log_index=number) for number in range(33))
    return Attempt(evidence._replace(entries=entries))


@refused_as("tlog.promise-invalid")
def edited_promise(world: World) -> Attempt:
    evidence = world.blob()
    promise = evidence.entries[0].promise
    assert promise is not None
    return Attempt(edit_entry(evidence, promise=flipped(promise, 80)))


@refused_as("tlog.promise-invalid")
def edited_time_of_a_promise(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_entry(evidence, integrated_at=int(SIGNED_AT.timestamp()) + 1))


@refused_as("tlog.promise-invalid")
def edited_index_of_a_promise(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_entry(evidence, log_index=evidence.entries[0].log_index + 1))


@refused_as("tlog.root-mismatch")
def edited_inclusion_proof(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    proof = evidence.entries[0].proof
    assert proof is not None
    return Attempt(edit_proof(evidence, hashes=(flipped(proof.hashes[0]), *proof.hashes[1:])))


@refused_as("tlog.root-mismatch")
def checkpoint_of_another_tree_size(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    world.blob(log="v2")
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint()))


@refused_as("tlog.root-mismatch")
def rekor_v2_entry_that_calls_itself_by_another_index(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_entry(evidence, log_index=evidence.entries[0].log_index - 1))


@refused_as("checkpoint.invalid")
def checkpoint_signed_by_another_key(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint(signer=generate_signer("ed25519"))))


@refused_as("checkpoint.invalid")
def checkpoint_of_another_origin(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(edit_proof(evidence, checkpoint=world.log_v2.checkpoint(origin="log3.example.com")))


@refused_as("checkpoint.invalid")
def checkpoint_under_another_host_than_the_log_has(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    other = world.log_v2.checkpoint(origin="log3.example.com", name="log3.example.com")
    return Attempt(edit_proof(evidence, checkpoint=other))


@refused_as("checkpoint.invalid")
def rekor_v1_checkpoint_signed_by_another_key(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_proof(evidence, checkpoint=world.log_v1.checkpoint(signer=generate_signer())))


@refused_as("checkpoint.invalid")
def rekor_v1_checkpoint_named_differently_than_its_origin(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(edit_proof(evidence, checkpoint=world.log_v1.checkpoint(name="evil.example.com")))


# ---- time ----------------------------------------------------------------------------------------------------------
@refused_as("cert.not-valid-at-time")
def logged_after_the_certificate_had_expired(world: World) -> Attempt:
    return Attempt(world.blob(logged_at=SIGNED_AT + HOUR))


@refused_as("cert.not-valid-at-time")
def logged_after_the_certificate_had_expired_although_stamped_before(world: World) -> Attempt:
    return Attempt(world.blob(logged_at=SIGNED_AT + HOUR, stamped_at=SIGNED_AT))


@refused_as("cert.not-valid-at-time")
def expired_certificate_without_log_and_timestamp(world: World) -> Attempt:
    return Attempt(world.blob(log=None), requirements=waiving(world, Waiver.TLOG))


@refused_as("cert.not-valid-at-time")
def authority_that_had_been_retired(world: World) -> Attempt:
    retired = Authority(
        "https://ca.example.com", "", "", (world.ca.der, world.root.der), ValidFor(EPOCH, SIGNED_AT - HOUR)
    )
    return Attempt(world.blob(), trust=world.trust(certificate_authorities=(retired,)))


@refused_as("timestamp.outside-validity")
def stamped_after_the_certificate_had_expired(world: World) -> Attempt:
    return Attempt(world.blob(log="v2", stamped_at=SIGNED_AT + HOUR))


@refused_as("timestamp.outside-validity")
def stamped_after_the_certificate_had_expired_although_logged_before(world: World) -> Attempt:
    return Attempt(world.blob(stamped_at=SIGNED_AT + HOUR))


@refused_as("timestamp.outside-validity")
def stamped_after_the_authority_had_been_retired(world: World) -> Attempt:
    (tsa,) = world.trusted_root().timestamp_authorities
    retired = tsa._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence, trust=world.trust(timestamp_authorities=(retired,)))


@refused_as("timestamp.outside-validity")
def stamped_after_the_authority_s_certificate_had_expired(world: World) -> Attempt:
    tsa = world.timestamp_certificate(EPOCH, SIGNED_AT - HOUR)
    authority = Authority("https://tsa.example.com", "", "", (tsa.der, world.tsa_root.der), ValidFor(EPOCH, None))
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, tsa=tsa),))
    return Attempt(evidence, trust=world.trust(timestamp_authorities=(authority,)))


@refused_as("timestamp.invalid")
def timestamp_of_another_signature(world: World) -> Attempt:
    evidence = world.blob(log="v2")
    return Attempt(evidence._replace(timestamps=(world.stamp(b"another signature"),)))


@refused_as("timestamp.invalid")
def timestamp_signed_with_another_key_in_the_authority_s_name(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    forged = world.stamp(evidence.signature, SIGNED_AT, signer=generate_signer())
    return Attempt(evidence._replace(timestamps=(forged,)))


@refused_as("timestamp.invalid")
def bad_timestamp_beside_a_good_one(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(timestamps=(*evidence.timestamps, world.stamp(b"another signature"))))


@refused_as("malformed")
def same_timestamp_twice(world: World) -> Attempt:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return Attempt(evidence._replace(timestamps=evidence.timestamps * 2))


@refused_as("timestamp.missing")
def rekor_v2_without_timestamp(world: World) -> Attempt:
    return Attempt(world.blob(log="v2"))


@refused_as("timestamp.missing")
def rekor_v2_with_a_timestamp_of_an_unknown_authority(world: World) -> Attempt:
    evidence = world.blob(log="v2", stamped_at=SIGNED_AT)
    return Attempt(evidence, trust=world.trust(timestamp_authorities=()))


@refused_as("timestamp.missing")
def time_of_a_rekor_v1_entry_without_promise(world: World) -> Attempt:
    return Attempt(edit_entry(world.blob(), promise=None))


@refused_as("timestamp.missing")
def no_signed_timestamp_where_one_is_demanded(world: World) -> Attempt:
    return Attempt(world.blob(), requirements=world.requirements()._replace(use_signed_timestamps=True))


@refused_as("timestamp.missing")
def no_signed_timestamp_under_a_key_where_one_is_demanded(world: World) -> Attempt:
    signer = generate_signer()
    requirements = by_key(signer.public_key)._replace(use_signed_timestamps=True)
    return Attempt(world.blob(signer), requirements=requirements)


# ---- certificate ---------------------------------------------------------------------------------------------------
@refused_as("cert.untrusted")
def certificate_of_another_authority_of_the_same_name(world: World) -> Attempt:
    return Attempt(world.blob(World().certificate(ct=world.ct)))


@refused_as("cert.untrusted")
def certificate_that_is_not_for_code_signing(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(eku=ExtendedKeyUsageOID.EMAIL_PROTECTION)))


@refused_as("cert.untrusted")
def certificate_of_a_leaf(world: World) -> Attempt:
    leaf = world.certificate()
    forged = world.certificate(ca=Issued(leaf.certificate, leaf.signer))
    evidence = world.blob(forged)
    return Attempt(evidence._replace(chain_der=(*evidence.chain_der, leaf.der)))


@refused_as("cert.untrusted")
def root_certificate_in_a_bundle(world: World) -> Attempt:
    evidence = world.blob()
    return Attempt(evidence._replace(chain_der=(*evidence.chain_der, world.ca.der, world.root.der)))


@refused_as("sct.invalid")
def wrong_certificate_log_key(world: World) -> Attempt:
    other = generate_signer()
    known = world.ct_key()._replace(key_der=other.public_key.spki_der)
    return Attempt(world.blob(), trust=world.trust(ctlogs=(known,)))


@refused_as("sct.invalid")
def proof_of_an_unknown_certificate_log(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(ct=generate_signer())))


@refused_as("sct.invalid")
def proof_in_a_known_log_s_name(world: World) -> Attempt:
    forged = world.certificate(ct=generate_signer(), ct_log_id=world.ct_key().log_id)
    return Attempt(world.blob(forged))


@refused_as("sct.invalid")
def proof_of_a_certificate_log_that_had_been_retired(world: World) -> Attempt:
    retired = world.ct_key()._replace(valid_for=ValidFor(EPOCH, SIGNED_AT - HOUR))
    return Attempt(world.blob(), trust=world.trust(ctlogs=(retired,)))


@refused_as("sct.invalid")
def no_certificate_log_proof(world: World) -> Attempt:
    return Attempt(world.blob(world.certificate(with_sct=False)))


# ---- what the caller forgot ----------------------------------------------------------------------------------------
@refused_as("usage")
def no_artifact(world: World) -> Attempt:
    return Attempt(world.blob(), None)


@refused_as("usage")
def moment_without_time_zone(world: World) -> Attempt:
    return Attempt(world.blob(), now=NOW.replace(tzinfo=None))


@refused_as("artifact.digest-mismatch")
def artifact_known_by_another_digest_only(world: World) -> Attempt:
    digest = hashlib.sha512(b"a small artifact\n").digest()
    return Attempt(world.blob(), GOOD._replace(digests={"sha512": digest}))


@pytest.mark.parametrize("name", CASES)
def test_is_refused_under_its_own_code(world: World, name: str) -> None:
    code, build = CASES[name]
    attempt = build(world)
    with pytest.raises(SigningError) as refusal:
        attempt.run(world)
    assert refusal.value.code == code, refusal.value


def test_the_cases_start_from_evidence_that_verifies(world: World) -> None:
    for log, stamped_at in (("v1", None), ("v1", SIGNED_AT), ("v2", SIGNED_AT)):
        Attempt(world.blob(log=log, stamped_at=stamped_at)).run(world)

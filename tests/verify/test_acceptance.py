"""What verifies, and what the result then says: keys, waivers, times, legacy forms."""

import hashlib
from datetime import timedelta

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.errors import InvalidSignatureError, MalformedError, UnavailableError, UsageError
from pycosign.verify.artifact import Artifact, artifact_from_bytes, artifact_from_digest
from pycosign.verify.evidence import Evidence, evidence_from_signature
from pycosign.verify.pipeline import digests_needed, message_needed, verify
from pycosign.verify.requirements import GithubWorkflow, Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verdict, verdict_of
from pycosign.verify.times import VerifiedTime
from pycosign.verify.timestamps import VerifiedTimestamp
from pycosign.verify.trust import TrustRoot, host_of, trust_from_material
from pycosign.wire.trusted_root import ValidFor
from tests.verify.attempts import GOOD, Attempt, as_legacy, by_key, certificate_pem, key_pem, waiving
from tests.verify.factory import ARTIFACT, EPOCH, IDENTITY, ISSUER, NOW, SIGNED_AT, World

ALGORITHMS = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048")


def only_needed(evidence: Evidence, requirements: Requirements) -> Artifact:
    """The artifact as a flow hashes it: not one digest more than was asked for."""
    full = artifact_from_bytes(ARTIFACT)
    digests = {name: full.digests[name] for name in digests_needed(evidence, requirements)}
    return Artifact(digests, full.message if message_needed(evidence, requirements) else None)


# ---- keys and hashes -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("log", ["v1", "v2"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_kind_of_key_verifies_with_the_digests_that_were_asked_for(
    world: World, algorithm: str, log: str
) -> None:
    signer = generate_signer(algorithm)
    evidence, requirements = world.blob(signer, log=log), by_key(signer.public_key)
    verified = Attempt(evidence, only_needed(evidence, requirements), requirements=requirements).run(world)
    name = signer.public_key.default_hash
    assert verified.digest == (name, hashlib.new(name, ARTIFACT).digest())
    assert verified.key == signer.public_key
    assert (verified.certificate, verified.identity, verified.sct_logs) == (None, None, ())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_kind_of_key_verifies_under_a_certificate(world: World, algorithm: str) -> None:
    evidence = world.blob(world.certificate(generate_signer(algorithm)))
    verified = Attempt(evidence, only_needed(evidence, world.requirements())).run(world)
    assert verified.identity == IDENTITY


@pytest.mark.parametrize("algorithm", ["ecdsa-p384", "ecdsa-p521"])
def test_a_large_curve_may_have_signed_sha256(world: World, algorithm: str) -> None:
    issued = world.certificate(generate_signer(algorithm))
    evidence = as_legacy(world.blob(issued, hash_name="sha256"), certificate_pem(issued.der))
    verified = Attempt(evidence, only_needed(evidence, world.requirements())).run(world)
    assert verified.digest == ("sha256", hashlib.sha256(ARTIFACT).digest())


def test_another_hash_than_the_key_s_own_is_the_caller_s_choice(world: World) -> None:
    signer = generate_signer("rsa-2048")
    evidence = world.blob(signer, hash_name="sha512")
    with pytest.raises(InvalidSignatureError):
        Attempt(evidence, requirements=by_key(signer.public_key)).run(world)
    override = Requirements(SignerKey(signer.public_key, "sha512"))
    assert Attempt(evidence, only_needed(evidence, override), requirements=override).run(world).digest is not None


def test_pure_ed25519_needs_the_message_and_no_log(world: World) -> None:
    signer = generate_signer("ed25519")
    evidence = evidence_from_signature(signer.sign(ARTIFACT))
    requirements = by_key(signer.public_key, Waiver.TLOG)
    assert message_needed(evidence, requirements)
    assert not message_needed(world.blob(signer), requirements)
    verified = verify(evidence, only_needed(evidence, requirements), trust=None, requirements=requirements, now=NOW)
    assert verified.digest == ("sha512", hashlib.sha512(ARTIFACT).digest())
    with pytest.raises(InvalidSignatureError):
        verify(evidence, GOOD._replace(message=None), trust=None, requirements=requirements, now=NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_kind_of_key_verifies_an_envelope(world: World, algorithm: str) -> None:
    signer = generate_signer(algorithm)
    digest = hashlib.sha256(ARTIFACT).hexdigest()
    payload = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"%s"}}],' % digest.encode()
    payload += b'"predicateType":"https://example.com/p","predicate":{}}'
    evidence = world.attestation(payload, signer)
    verified = Attempt(
        evidence, only_needed(evidence, by_key(signer.public_key)), requirements=by_key(signer.public_key)
    ).run(world)
    assert verified.payload == payload
    assert verified.statement is not None


def test_a_key_needs_no_trust_root_without_log(world: World) -> None:
    signer = generate_signer()
    requirements = by_key(signer.public_key, Waiver.TLOG)
    verified = verify(world.blob(signer, log=None), GOOD, trust=None, requirements=requirements, now=NOW)
    assert verified.log_entries == ()
    assert verified.waivers == {Waiver.TLOG}
    with pytest.raises(UsageError):
        verify(world.blob(signer), GOOD, trust=None, requirements=by_key(signer.public_key), now=NOW)


def test_the_key_hint_selects_nothing(world: World) -> None:
    signer = generate_signer()
    evidence = world.blob(signer)._replace(key_hint=world.blob(generate_signer()).key_hint)
    assert Attempt(evidence, requirements=by_key(signer.public_key)).run(world).key == signer.public_key


# ---- legacy bundles ------------------------------------------------------------------------------------------------
def test_a_legacy_bundle_with_the_demanded_key_in_cert_verifies_as_cosign_3_writes_it(world: World) -> None:
    signer = generate_signer()
    evidence = as_legacy(world.blob(signer), key_pem(signer))
    assert evidence.claimed_key_der == signer.public_key.spki_der
    assert Attempt(evidence, requirements=by_key(signer.public_key)).run(world).key == signer.public_key


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_legacy_bundle_with_a_certificate_verifies(world: World, form: str) -> None:
    issued = world.certificate()
    evidence = as_legacy(world.blob(issued), certificate_pem(issued.der) if form == "pem" else issued.der)
    verified = Attempt(evidence, only_needed(evidence, world.requirements())).run(world)
    assert verified.log_entries[0].proved_by == ("promise",)
    assert verified.source == "legacy bundle"


# ---- times ---------------------------------------------------------------------------------------------------------
def test_every_proved_moment_is_in_the_result(world: World) -> None:
    verified = Attempt(world.blob(stamped_at=SIGNED_AT + timedelta(seconds=2))).run(world)
    assert [(time.source, time.at) for time in verified.times] == [
        ("timestamp", SIGNED_AT + timedelta(seconds=2)),
        ("log", SIGNED_AT),
    ]


def test_both_ends_of_a_validity_belong_to_it(world: World) -> None:
    start = SIGNED_AT - timedelta(minutes=1)
    for moment in (start, start + timedelta(minutes=10)):
        Attempt(world.blob(logged_at=moment, stamped_at=moment)).run(world)
    (tsa,), (v1, v2) = world.trusted_root().timestamp_authorities, world.trusted_root().tlogs
    ends_now = ValidFor(EPOCH, SIGNED_AT)
    trust = world.trust(
        timestamp_authorities=(tsa._replace(valid_for=ends_now),), tlogs=(v1._replace(valid_for=ends_now), v2)
    )
    Attempt(world.blob(stamped_at=SIGNED_AT), trust=trust).run(world)


def test_a_timestamp_of_an_unknown_authority_is_reported_and_does_not_count(world: World) -> None:
    verified = Attempt(world.blob(stamped_at=SIGNED_AT), trust=world.trust(timestamp_authorities=())).run(world)
    assert [time.source for time in verified.times] == ["log"]
    (reason,) = verified.ignored
    assert "not in the trust root" in reason


def test_an_entry_of_an_unknown_log_beside_a_good_one_is_reported(world: World) -> None:
    evidence = world.blob()
    foreign = World().blob().entries
    verified = Attempt(evidence._replace(entries=(*foreign, *evidence.entries))).run(world)
    assert len(verified.log_entries) == 1
    assert len(verified.ignored) == 1


def test_now_is_a_moment_only_where_the_log_is_waived(world: World) -> None:
    requirements = waiving(world, Waiver.TLOG)
    verified = Attempt(world.blob(log=None), requirements=requirements, now=SIGNED_AT).run(world)
    assert [(time.source, time.at) for time in verified.times] == [("now", SIGNED_AT)]
    # A signed timestamp is better than `now`, which is then not looked at.
    stamped = Attempt(world.blob(log=None, stamped_at=SIGNED_AT), requirements=requirements, now=NOW).run(world)
    assert [time.source for time in stamped.times] == ["timestamp"]
    assert stamped.log_entries == ()


@pytest.mark.parametrize("made", [VerifiedTime, VerifiedTimestamp])
def test_a_verified_moment_cannot_be_made_elsewhere(made: type) -> None:
    with pytest.raises(TypeError):
        made(object(), NOW, "now", "")


def test_an_authority_that_was_trusted_twice_counts_in_either_span(world: World) -> None:
    (tsa,) = world.trusted_root().timestamp_authorities
    spans = (ValidFor(EPOCH, EPOCH + timedelta(days=1)), ValidFor(SIGNED_AT - timedelta(days=1), None))
    trust = world.trust(timestamp_authorities=tuple(tsa._replace(valid_for=span) for span in spans))
    assert Attempt(world.blob(log="v2", stamped_at=SIGNED_AT), trust=trust).run(world).times


# ---- certificate and identity --------------------------------------------------------------------------------------
def test_a_certificate_without_log_proof_needs_its_waiver(world: World) -> None:
    issued = world.certificate(with_sct=False)
    verified = Attempt(world.blob(issued), requirements=waiving(world, Waiver.SCT)).run(world)
    assert verified.sct_logs == ()
    assert verified.waivers == {Waiver.SCT}


def test_an_intermediate_may_come_with_the_evidence(world: World) -> None:
    (ca,) = world.trusted_root().certificate_authorities
    trust = world.trust(certificate_authorities=(ca._replace(chain_der=(world.root.der,)),))
    evidence = world.blob()
    evidence = evidence._replace(chain_der=(*evidence.chain_der, world.ca.der))
    assert Attempt(evidence, trust=trust).run(world).identity == IDENTITY


@pytest.mark.parametrize("claims", [{1: ISSUER}, {8: ISSUER}, {1: ISSUER, 8: ISSUER}])
def test_the_issuer_is_read_from_either_extension(world: World, claims: dict[int, str]) -> None:
    verified = Attempt(world.blob(world.certificate(claims=claims))).run(world)
    assert verified.issuer == ISSUER
    assert verified.extensions == claims


def test_regexps_are_searched_and_workflow_claims_compared(world: World) -> None:
    claims = {2: "push", 3: "abc", 4: "Release", 5: "octo/project", 6: "refs/heads/main", 8: ISSUER}
    workflow = GithubWorkflow("push", "abc", "Release", "octo/project", "refs/heads/main")
    signer = SignerIdentity(TextRule(regexp=r"@example\."), TextRule(ISSUER, regexp=r"^https://[a-z.]+$"), workflow)
    issued = world.certificate(claims=claims)
    assert Attempt(world.blob(issued), requirements=Requirements(signer)).run(world).identity == IDENTITY


@pytest.mark.parametrize("pattern", ["(", r"(?=x)", r"\1"])
def test_a_regexp_that_re2_does_not_know_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError):
        TextRule(regexp=pattern)
    with pytest.raises(UsageError):
        TextRule()


# ---- trust without a trust root file -------------------------------------------------------------------------------
def material(world: World) -> TrustRoot:
    return trust_from_material(
        ca_certificates_pem=certificate_pem(world.root.der) + certificate_pem(world.ca.der),
        rekor_keys_pem=[world.log_v1.signer.public_key.pem()],
        ct_keys_pem=[world.ct.public_key.pem()],
        tsa_chain_pem=certificate_pem(world.tsa.der) + certificate_pem(world.tsa_root.der),
    )


def test_single_keys_and_certificates_make_a_trust_root(world: World) -> None:
    verified = Attempt(world.blob(stamped_at=SIGNED_AT), trust=material(world)).run(world)
    assert [time.source for time in verified.times] == ["timestamp", "log"]


def test_a_timestamp_chain_without_leaf_takes_it_from_the_token(world: World) -> None:
    trust = trust_from_material(
        ca_certificates_pem=certificate_pem(world.root.der) + certificate_pem(world.ca.der),
        rekor_keys_pem=[world.log_v1.signer.public_key.pem()],
        ct_keys_pem=[world.ct.public_key.pem()],
        tsa_chain_pem=certificate_pem(world.tsa_root.der),
    )
    evidence = world.blob()
    with_leaf = evidence._replace(timestamps=(world.stamp(evidence.signature, certificates=True),))
    assert len(Attempt(with_leaf, trust=trust).run(world).times) == 2
    without = evidence._replace(timestamps=(world.stamp(evidence.signature),))
    assert len(Attempt(without, trust=trust).run(world).ignored) == 1


@pytest.mark.parametrize("foreign", [False, True], ids=["", "with another root"])
@pytest.mark.parametrize("reverse", [False, True], ids=["leaf first", "root first"])
def test_the_certificates_of_a_timestamp_authority_stand_in_any_order(
    world: World, reverse: bool, foreign: bool
) -> None:
    """Cosign tells them apart by form: its help says "a list", and names no order."""
    certificates = [world.tsa.der, world.tsa_root.der, *([world.root.der] if foreign else [])]
    if reverse:
        certificates.reverse()
    given = trust_from_material(tsa_chain_pem=b"".join(map(certificate_pem, certificates)))
    trust = material(world)
    logs, ct_logs = ([log for logs in found.values() for log in logs] for found in (trust.logs, trust.ct_logs))
    trust = TrustRoot(logs, ct_logs, trust.certificate_authorities, given.timestamp_authorities)
    verified = Attempt(world.blob(stamped_at=SIGNED_AT), trust=trust).run(world)
    assert [time.source for time in verified.times] == ["timestamp", "log"]


def test_material_that_is_something_else_is_malformed(world: World) -> None:
    key = world.ct.public_key.pem()
    with pytest.raises(MalformedError):
        trust_from_material(ca_certificates_pem=key)
    with pytest.raises(MalformedError):
        trust_from_material(ca_certificates_pem=certificate_pem(world.ca.der))
    with pytest.raises(MalformedError):
        trust_from_material(rekor_keys_pem=[certificate_pem(world.ca.der)])


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://rekor.sigstore.dev", "rekor.sigstore.dev"),
        ("http://Rekor-Local:3003/api", "rekor-local"),
        ("https://user@host.example:1/?a=b", "host.example"),
        ("http://[::1]:3000/", "::1"),
        ("rekor", ""),
    ],
)
def test_the_host_of_a_log_has_neither_port_nor_path(url: str, host: str) -> None:
    assert host_of(url) == host


# ---- artifacts and verdicts ----------------------------------------------------------------------------------------
def test_an_artifact_may_be_known_by_its_digest(world: World) -> None:
    artifact = artifact_from_digest("sha256:" + hashlib.sha256(ARTIFACT).hexdigest())
    assert Attempt(world.blob(), artifact).run(world).digest is not None


@pytest.mark.parametrize("text", ["sha256", "sha1:" + "0" * 40, "sha256:" + "A" * 64, "sha256:00", ":", ""])
def test_a_digest_of_another_form_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        artifact_from_digest(text)


def test_one_verified_candidate_is_enough_and_unavailable_is_never_refused(world: World) -> None:
    verified = Attempt(world.blob()).run(world)
    refused, unavailable = InvalidSignatureError("no"), UnavailableError("the registry did not answer")
    assert verdict_of([refused, unavailable, verified]) is Verdict.VERIFIED
    assert verdict_of([refused, unavailable]) is Verdict.UNAVAILABLE
    assert verdict_of([refused]) is Verdict.REFUSED
    assert verdict_of([]) is Verdict.REFUSED

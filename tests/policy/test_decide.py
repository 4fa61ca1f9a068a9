"""Several signatures of one artifact: enough distinct signers or not, or it cannot be known."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.policy.decide import PolicyVerdict, VerificationPolicy, check_policy, decide, fold, judge
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verdict, Verified
from tests.verify.attempts import GOOD
from tests.verify.factory import ISSUER, NOW, SIGNED_AT, World

ALICE, BOB = "alice@example.com", "bob@example.com"
UNREAD = UnavailableError("the second one cannot be read")


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def key() -> LocalSigner:
    return generate_signer("ecdsa-p256")


def signed_by(world: World, email: str, signer: LocalSigner | None = None) -> Evidence:
    return world.blob(world.certificate(signer, names=(x509.RFC822Name(email),)))


def person(email: str, issuer: str = ISSUER) -> SignerIdentity:
    return SignerIdentity(TextRule(email), TextRule(issuer))


def anyone_at_example() -> SignerIdentity:
    return SignerIdentity(TextRule(regexp="@example\\.com$"), TextRule(ISSUER))


def decided(world: World, policy: VerificationPolicy, *candidates: Evidence | SigningError) -> PolicyVerdict:
    return decide(candidates, GOOD, policy, world.trust(), NOW)


def code(verdict: PolicyVerdict) -> str:
    assert (verdict.error is None) == (verdict.verdict is Verdict.VERIFIED)
    return "verified" if verdict.error is None else verdict.error.code


# ---- any of several ------------------------------------------------------------------------------------------------
def test_any_of_several_keys_and_identities_is_enough(world: World, key: LocalSigner) -> None:
    other = generate_signer("ed25519").public_key
    policy = VerificationPolicy((SignerKey(other), person(BOB), SignerKey(key.public_key), person(ALICE)))
    for evidence in (world.blob(key), signed_by(world, ALICE), signed_by(world, BOB)):
        assert code(decided(world, policy, evidence)) == "verified"
    assert code(decided(world, policy, signed_by(world, "mallory@example.com"))) == "identity.mismatch"
    assert code(decided(world, policy, world.blob(generate_signer("ecdsa-p256")))) == "key.mismatch"


def test_a_bad_signature_beside_a_good_one_takes_nothing_away(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key),))
    bad = world.blob(key)._replace(signature=b"bad")
    assert code(decided(world, policy, bad, world.blob(key))) == "verified"


def test_a_single_signature_is_refused_for_its_own_reason(world: World, key: LocalSigner) -> None:
    """Of several rules, the one that came furthest tells why."""
    wrong_issuer = person(ALICE, "https://other.example")
    claiming = person(ALICE)._replace(claims={24: TextRule("x")})
    evidence = signed_by(world, ALICE)
    for signers, expected in (
        ((SignerKey(key.public_key),), "key.mismatch"),
        ((person(BOB), wrong_issuer), "issuer.mismatch"),
        ((wrong_issuer, claiming), "issuer.mismatch"),
        ((person(BOB), claiming), "claim.mismatch"),
    ):
        assert code(decided(world, VerificationPolicy(signers), evidence)) == expected


def test_no_signature_at_all_is_refused(world: World) -> None:
    assert code(decided(world, VerificationPolicy((person(ALICE),)))) == "signers.threshold"


# ---- k of n --------------------------------------------------------------------------------------------------------
def test_two_of_three_over_keys_and_identities(world: World, key: LocalSigner) -> None:
    signers = (SignerKey(key.public_key), person(ALICE), person(BOB))
    policy = VerificationPolicy(signers, threshold=2, names=("release", "", "the boss"))
    by_key, alice, bob = world.blob(key), signed_by(world, ALICE), signed_by(world, BOB)
    for pair in ((by_key, alice), (alice, bob), (bob, by_key)):
        assert code(decided(world, policy, *pair)) == "verified"
    verdict = decided(world, policy, bob, by_key, bob)
    assert [(item.signer[:8], item.rules) for item in verdict.counted] == [
        ("bob@exam", ("the boss",)),
        ("key sha2", ("release",)),
    ]
    for single in (by_key, alice, bob):
        refused = decided(world, policy, single)
        assert code(refused) == "signers.threshold"
        assert "1 distinct signer(s) of 2" in str(refused.error)


def test_one_who_signs_twice_counts_once(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key), anyone_at_example()), threshold=2)
    assert code(decided(world, policy, world.blob(key), world.blob(key))) == "signers.threshold"
    assert code(decided(world, policy, signed_by(world, ALICE), signed_by(world, ALICE))) == "signers.threshold"
    assert code(decided(world, policy, signed_by(world, ALICE), signed_by(world, BOB))) == "verified"


def test_one_key_counts_once_whatever_it_is_presented_with(world: World, key: LocalSigner) -> None:
    """Bare and in a certificate, or in the certificates of two people: whoever holds it made both."""
    policy = VerificationPolicy((SignerKey(key.public_key), anyone_at_example()), threshold=2)
    alice, bob = signed_by(world, ALICE, key), signed_by(world, BOB, key)
    for pair in ((world.blob(key), alice), (alice, bob)):
        assert code(decided(world, policy, *pair)) == "signers.threshold"


def test_case_alone_does_not_make_another_signer(world: World) -> None:
    policy = VerificationPolicy((SignerIdentity(TextRule(regexp="(?i)^alice@example"), TextRule(ISSUER)),), threshold=2)
    pair = signed_by(world, ALICE), signed_by(world, "Alice@Example.com")
    assert code(decided(world, policy, *pair)) == "signers.threshold"


def test_one_name_of_two_issuers_is_two_signers(world: World) -> None:
    other = "https://other.example"
    issued = world.certificate(names=(x509.RFC822Name(ALICE),), claims={1: other, 8: other})
    policy = VerificationPolicy((person(ALICE), person(ALICE, other)), threshold=2)
    assert code(decided(world, policy, signed_by(world, ALICE), world.blob(issued))) == "verified"


def test_every_signature_is_demanded_what_the_policy_demands(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key), person(ALICE)), 2, min_timestamp_authorities=1)
    stamped = world.blob(key, stamped_at=SIGNED_AT)
    assert code(decided(world, policy, stamped, signed_by(world, ALICE))) == "signers.threshold"
    waived = policy._replace(min_timestamp_authorities=0, waivers=frozenset({Waiver.TLOG}))
    verdict = decided(world, waived, world.blob(key, log=None), signed_by(world, ALICE))
    assert code(verdict) == "signers.threshold"  # `now` is no moment at which the certificate was good
    assert "not at 2026-04-12" in str(verdict.error)


def test_a_key_counts_inside_its_window_only(world: World, key: LocalSigner) -> None:
    hour = timedelta(hours=1)
    retired = SignerKey(key.public_key, None, None, SIGNED_AT - hour)
    policy = VerificationPolicy((retired, person(ALICE)), threshold=2)
    verdict = decided(world, policy, world.blob(key), signed_by(world, ALICE))
    assert code(verdict) == "signers.threshold"
    assert [error.code for error in getattr(verdict.error, "causes", ())] == ["key.outside-window"]


# ---- what cannot be known ------------------------------------------------------------------------------------------
def test_one_that_cannot_be_read_may_be_the_signer_that_is_missing(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key), person(ALICE), person(BOB)), threshold=2)
    assert code(decided(world, policy, world.blob(key), UNREAD)) == "signers.unavailable"
    assert code(decided(world, policy, world.blob(key), signed_by(world, BOB), UNREAD)) == "verified"


def test_one_that_cannot_be_read_cannot_make_up_for_two(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key), person(ALICE), person(BOB)), threshold=3)
    assert code(decided(world, policy, world.blob(key), UNREAD)) == "signers.threshold"
    other = UnavailableError("nor the third")
    assert code(decided(world, policy, world.blob(key), UNREAD, other)) == "signers.unavailable"


def test_a_single_one_that_cannot_be_read_is_unavailable_for_its_own_reason(world: World) -> None:
    assert decided(world, VerificationPolicy((person(ALICE),)), UNREAD).error is UNREAD


def test_malformed_evidence_is_refused_and_not_unavailable(world: World, key: LocalSigner) -> None:
    policy = VerificationPolicy((SignerKey(key.public_key), person(ALICE)), threshold=2)
    assert code(decided(world, policy, world.blob(key), MalformedError("bundle", "is none"))) == "signers.threshold"
    no_certificate = signed_by(world, ALICE)._replace(chain_der=(b"\x30\x00",))
    assert code(decided(world, policy, world.blob(key), no_certificate)) == "signers.threshold"


# ---- policies that do not mean what they seem to -------------------------------------------------------------------
def test_a_policy_that_can_never_be_met_or_says_one_thing_twice_is_refused(key: LocalSigner) -> None:
    by_key = SignerKey(key.public_key)
    other_hash = SignerKey(key.public_key, "sha512")
    for policy in (
        VerificationPolicy(()),
        VerificationPolicy((by_key,), threshold=0),
        VerificationPolicy((by_key,), threshold=2),
        VerificationPolicy((by_key, other_hash)),
        VerificationPolicy((by_key, person(ALICE), person(ALICE)), threshold=3),
        VerificationPolicy((by_key,), names=("a", "b")),
    ):
        with pytest.raises(UsageError):
            check_policy(policy)
        with pytest.raises(UsageError):
            decide((), GOOD, policy, None, NOW)
    check_policy(VerificationPolicy((by_key, anyone_at_example()), threshold=9))


# ---- counting, over many combinations ------------------------------------------------------------------------------
KEYS, PEOPLE = range(3), ("a@example.com", "b@example.com", "c@example.com")
SIGNATURE = st.tuples(st.sampled_from(KEYS), st.sampled_from((None, *PEOPLE)))  # (key, whose certificate, or bare)


class Signatures:
    """Every key, bare and in everybody's certificate, judged once."""

    def __init__(self, world: World) -> None:
        keys = [generate_signer("ecdsa-p256") for _ in KEYS]
        self.policy = VerificationPolicy((*(SignerKey(key.public_key) for key in keys), anyone_at_example()))
        self.judged: dict[tuple[int, str | None], Verified] = {}
        for number, key in enumerate(keys):
            for name in (None, *PEOPLE):
                evidence = world.blob(key) if name is None else signed_by(world, name, key)
                self.judged[number, name] = judge(evidence, GOOD, self.policy, world.trust(), NOW)


@pytest.fixture(scope="module")
def signatures(world: World) -> Signatures:
    return Signatures(world)


def signers_of(presented: list[tuple[int, str | None]]) -> int:
    """The same count by another way: names spread over everything that shares a key or a person."""
    names = list(range(len(presented)))
    for _ in presented:
        for i, (key, person_) in enumerate(presented):
            for j, (other_key, other_person) in enumerate(presented):
                if key == other_key or (person_ is not None and person_ == other_person):
                    names[i] = names[j] = min(names[i], names[j])
    return len(set(names))


@given(st.lists(SIGNATURE, max_size=7), st.integers(1, 4), st.integers(0, 3), st.integers(0, 2), st.randoms())
def test_signers_are_counted_whatever_else_is_presented_and_in_any_order(
    signatures: Signatures, presented: list[tuple[int, str | None]], threshold: int, unread: int, bad: int, random: Any
) -> None:
    policy = signatures.policy._replace(threshold=threshold)
    outcomes: list[Verified | SigningError] = [signatures.judged[item] for item in presented]
    outcomes += [UNREAD] * unread + [MalformedError("bundle", "is none")] * bad
    random.shuffle(outcomes)
    verdict = fold(outcomes, policy)
    count = signers_of(presented)
    assert len(verdict.counted) == count
    expected = (
        Verdict.VERIFIED
        if count >= threshold
        else Verdict.UNAVAILABLE
        if count + unread >= threshold
        else Verdict.REFUSED
    )
    assert verdict.verdict is expected
    anything = fold(outcomes, policy, unasked=(UNREAD,)).verdict
    assert anything is (Verdict.VERIFIED if count >= threshold else Verdict.UNAVAILABLE)

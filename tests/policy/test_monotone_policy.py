"""A policy that demands more accepts no more, and no order of signatures or signers decides who counts."""

from functools import cache
from itertools import permutations

from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import UsageError
from pycosign.policy.decide import PolicyVerdict, VerificationPolicy, decide
from pycosign.verify.artifact import Artifact, image_artifact
from pycosign.verify.evidence import LEGACY_SIGNATURE, Evidence, SimpleSigningPayload
from pycosign.verify.requirements import SignerIdentity, SignerKey, TextRule
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing
from tests.verify.factory import ISSUER, NOW, World

PEOPLE, KEYS = ("alice@example.com", "bob@example.com", "carol@example.com"), range(3)
IMAGE = "sha256:" + "11" * 32
RULES = (*PEOPLE, "anyone", *KEYS)


@cache
def world() -> World:
    return World()


@cache
def signer(number: int) -> LocalSigner:
    return generate_signer("ecdsa-p256")


@cache
def signature(person: str | None, key: int) -> Evidence:
    """Of an image, in the old form: it may be of a key, and of its certificate besides."""
    payload = format_simple_signing(SimpleSigning("example.com/app", IMAGE))
    issued = signer(key) if person is None else world().certificate(signer(key), names=(x509.RFC822Name(person),))
    evidence = world().blob(issued, artifact=payload)
    return evidence._replace(
        source=LEGACY_SIGNATURE, content=SimpleSigningPayload(payload), key_hint=None, proof_required=False
    )


def rule(name: str | int) -> SignerKey | SignerIdentity:
    if isinstance(name, int):
        return SignerKey(signer(name).public_key)
    return SignerIdentity(TextRule(regexp=".") if name == "anyone" else TextRule(name), TextRule(ISSUER))


def decided(signatures: list[tuple[str | None, int]], rules: list[str | int], threshold: int) -> PolicyVerdict | None:
    """None: the policy makes no sense."""
    artifact: Artifact = image_artifact(IMAGE)
    policy = VerificationPolicy(tuple(rule(name) for name in rules), threshold)
    try:
        return decide([signature(*item) for item in signatures], artifact, policy, world().trust(), NOW)
    except UsageError:
        return None


def accepts(signatures: list[tuple[str | None, int]], rules: list[str | int], threshold: int) -> bool:
    verdict = decided(signatures, rules, threshold)
    return verdict is not None and verdict.error is None


SIGNATURES = st.lists(st.tuples(st.sampled_from((None, *PEOPLE)), st.sampled_from(KEYS)), max_size=4, unique=True)
SIGNERS = st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique=True)
THRESHOLDS = st.integers(1, 3)


@settings(derandomize=True, max_examples=80)
@given(SIGNATURES, SIGNERS, THRESHOLDS)
def test_more_signers_demanded_is_no_easier(
    signatures: list[tuple[str | None, int]], rules: list[str | int], threshold: int
) -> None:
    if not accepts(signatures, rules, threshold):
        assert not accepts(signatures, rules, threshold + 1)


@settings(derandomize=True, max_examples=80)
@given(SIGNATURES, SIGNERS, THRESHOLDS)
def test_fewer_signers_named_is_no_easier(
    signatures: list[tuple[str | None, int]], rules: list[str | int], threshold: int
) -> None:
    """But for a signature that shows two signers to be one: nobody who hides it needs the policy to ignore it."""
    for name in rules:
        fewer = [other for other in rules if other != name]
        if fewer and accepts(signatures, fewer, threshold):
            assert any(accepts(some, rules, threshold) for some in parts(signatures)) or meaningless(rules, threshold)


def meaningless(rules: list[str | int], threshold: int) -> bool:
    return decided([], rules, threshold) is None


def parts(signatures: list[tuple[str | None, int]]) -> list[list[tuple[str | None, int]]]:
    """Every choice of them."""
    found: list[list[tuple[str | None, int]]] = [[]]
    for item in signatures:
        found += [[*some, item] for some in found]
    return found


@settings(derandomize=True, max_examples=40)
@given(SIGNATURES, SIGNERS, THRESHOLDS)
def test_no_order_decides_who_counts(
    signatures: list[tuple[str | None, int]], rules: list[str | int], threshold: int
) -> None:
    counts = {
        None if verdict is None else (len(verdict.counted), verdict.verdict)
        for verdict in (
            *(decided(list(order), rules, threshold) for order in permutations(signatures)),
            *(decided(signatures, list(order), threshold) for order in permutations(rules)),
        )
    }
    assert len(counts) == 1
    named = [decided(signatures, list(order), threshold) for order in permutations(rules)]
    assert len({tuple(item.signer for item in verdict.counted) for verdict in named if verdict is not None}) <= 1

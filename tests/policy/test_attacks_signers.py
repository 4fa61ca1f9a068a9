"""k of n against one signer who shows up as several."""

from itertools import permutations, product

import pytest
from cryptography import x509

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import UsageError
from pycosign.policy.decide import VerificationPolicy, check_policy, decide
from pycosign.verify.artifact import image_artifact
from pycosign.verify.evidence import LEGACY_SIGNATURE, Evidence, SimpleSigningPayload
from pycosign.verify.requirements import SignerIdentity, SignerKey, TextRule
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing
from tests.verify.attempts import GOOD
from tests.verify.factory import ISSUER, NOW, World

IMAGE = "sha256:" + "11" * 32


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def signed_by(world: World, name: x509.GeneralName, issuer: str = ISSUER) -> Evidence:
    return world.blob(world.certificate(names=(name,), claims={1: issuer, 8: issuer}))


def code(world: World, policy: VerificationPolicy, *candidates: Evidence) -> str:
    error = decide(candidates, GOOD, policy, world.trust(), NOW).error
    return "verified" if error is None else error.code


def anyone(threshold: int) -> VerificationPolicy:
    return VerificationPolicy((SignerIdentity(TextRule(regexp="."), TextRule(regexp=".")),), threshold)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (x509.RFC822Name("alice@example.com"), x509.RFC822Name("Alice@example.com")),
        (x509.RFC822Name("alice@example.com"), x509.RFC822Name("alice@EXAMPLE.com")),
        (
            x509.UniformResourceIdentifier("https://github.com/org/repo/.github/workflows/w.yml@refs/heads/main"),
            x509.UniformResourceIdentifier("https://github.com/Org/Repo/.github/workflows/w.yml@refs/heads/main"),
        ),
    ],
)
def test_one_person_in_capitals_is_not_a_second_one(
    world: World, first: x509.GeneralName, second: x509.GeneralName
) -> None:
    evidence = (signed_by(world, first), signed_by(world, second))
    assert [code(world, anyone(1), item) for item in evidence] == ["verified", "verified"]
    assert code(world, anyone(2), *evidence) == "signers.threshold"


def test_one_issuer_in_two_spellings_is_not_a_second_one(world: World) -> None:
    name = x509.RFC822Name("alice@example.com")
    evidence = (signed_by(world, name), signed_by(world, name, f"{ISSUER}/"))
    assert code(world, anyone(2), *evidence) == "signers.threshold"


def test_a_policy_that_only_capitals_could_meet_is_refused() -> None:
    names = ("alice@example.com", "Alice@example.com")
    signers = tuple(SignerIdentity(TextRule(name), TextRule(ISSUER)) for name in names)
    with pytest.raises(UsageError, match="can never be met"):
        check_policy(VerificationPolicy(signers, threshold=2))


def test_one_signature_in_several_wrappings_counts_once(world: World) -> None:
    """The same signature with and without a timestamp, with another log entry, and as a loose one."""
    signer = generate_signer("ecdsa-p256")
    once = world.blob(signer)
    again = [once, once._replace(source="detached signature", proof_required=False), world.blob(signer)]
    policy = VerificationPolicy((SignerKey(signer.public_key), SignerKey(generate_signer("ed25519").public_key)), 2)
    assert code(world, policy, *again) == "signers.threshold"


def test_a_certificate_for_the_demanded_key_is_not_a_second_signer(world: World) -> None:
    signer = generate_signer("ecdsa-p256")
    evidence = (world.blob(signer), world.blob(world.certificate(signer)))
    policy = VerificationPolicy((SignerKey(signer.public_key), *anyone(1).signers), 2)
    assert code(world, policy, *evidence) == "signers.threshold"


def image_signature(world: World, signer: LocalSigner) -> Evidence:
    """As Cosign 2 makes it with a key and its certificate: it fits a rule for the key, and one for the name."""
    issued = world.certificate(signer, names=(x509.RFC822Name("alice@example.com"),))
    payload = format_simple_signing(SimpleSigning("example.com/app", IMAGE))
    evidence = world.blob(issued, artifact=payload)
    content = SimpleSigningPayload(payload)
    return evidence._replace(source=LEGACY_SIGNATURE, content=content, proof_required=False)


def test_who_signs_with_a_named_key_and_a_certificate_for_it_is_one_signer_in_any_order_of_the_rules(
    world: World,
) -> None:
    """The signature that fits both rules is what shows that the key is hers; under the key's rule it would not."""
    signer = generate_signer("ecdsa-p256")
    evidence = (image_signature(world, signer), image_signature(world, generate_signer("ecdsa-p256")))
    alice = SignerIdentity(TextRule("alice@example.com"), TextRule(ISSUER))
    rules: tuple[SignerKey | SignerIdentity, ...] = (SignerKey(signer.public_key), alice)
    for signers, found in product(permutations(rules), permutations(evidence)):
        for threshold, expected in ((1, "verified"), (2, "signers.threshold")):
            policy = VerificationPolicy(signers, threshold)
            error = decide(found, image_artifact(IMAGE), policy, world.trust(), NOW).error
            assert ("verified" if error is None else error.code) == expected

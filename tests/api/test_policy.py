"""Several signers: any of them, or so many distinct ones, of files and images, in the program and from a file."""

from pathlib import Path

import pytest

import pycosign
from pycosign.errors import NoMatchingSignaturesError, NoSignaturesError
from pycosign.testing import Sandbox

PLAN = b"the plan\n"
PEOPLE = ("alice@example.com", "bob@example.com")


@pytest.fixture(scope="module")
def key() -> pycosign.PrivateKey:
    return pycosign.PrivateKey.generate()


@pytest.fixture(scope="module")
def trust(sandbox: Sandbox) -> pycosign.Trust:
    return sandbox.instance.trust


@pytest.fixture(scope="module")
def signers(sandbox: Sandbox, key: pycosign.PrivateKey) -> tuple[pycosign.Signer, ...]:
    return (*(sandbox.identity(name) for name in PEOPLE), key.public)


@pytest.fixture(scope="module")
def bundles(sandbox: Sandbox, key: pycosign.PrivateKey) -> dict[str, pycosign.Bundle]:
    """By who signed."""
    means: dict[str, pycosign.Token | pycosign.PrivateKey] = {name: sandbox.sign_in(name) for name in PEOPLE}
    means |= {"key": key, "mallory": sandbox.sign_in("mallory@example.com")}
    made = {who: pycosign.sign_file(PLAN, signer=signer, instance=sandbox.instance) for who, signer in means.items()}
    made["alice again"] = pycosign.sign_file(PLAN, signer=sandbox.sign_in(PEOPLE[0]), instance=sandbox.instance)
    return made


@pytest.mark.parametrize("who", [*PEOPLE, "key"])
def test_any_of_several_signers_is_enough(
    who: str, bundles: dict[str, pycosign.Bundle], signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    verified = pycosign.verify_file(PLAN, bundle=bundles[who], signer=pycosign.Policy(signers), trust=trust)
    assert verified.identity == (None if who == "key" else who)
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_file(PLAN, bundle=bundles["mallory"], signer=pycosign.Policy(signers), trust=trust)


def test_two_of_three_signed(
    bundles: dict[str, pycosign.Bundle], signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    policy = pycosign.Policy(signers, threshold=2)
    for pair in ((PEOPLE[0], "key"), PEOPLE, ("mallory", "key", PEOPLE[1])):
        proved = pycosign.verify_signers(PLAN, bundles=[bundles[who] for who in pair], policy=policy, trust=trust)
        assert len(proved) == 2
        assert {item.trust_source for item in proved} == {trust.source}


@pytest.mark.parametrize(
    "present",
    [
        [],
        [PEOPLE[0]],
        [PEOPLE[0], PEOPLE[0]],
        [PEOPLE[0], "alice again"],
        [PEOPLE[0], "mallory"],
        ["key", "key"],
        ["mallory"],
    ],
)
def test_too_few_distinct_signers_are_refused(
    present: list[str],
    bundles: dict[str, pycosign.Bundle],
    signers: tuple[pycosign.Signer, ...],
    trust: pycosign.Trust,
) -> None:
    policy = pycosign.Policy(signers, threshold=2)
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_signers(PLAN, bundles=[bundles[who] for who in present], policy=policy, trust=trust)
    assert caught.value.code == "signers.threshold"


def test_one_rule_that_many_fit_still_counts_signers(
    sandbox: Sandbox, bundles: dict[str, pycosign.Bundle], trust: pycosign.Trust
) -> None:
    anyone = pycosign.Identity(pycosign.Regexp(r"[a-z]+@example\.com"), issuer=sandbox.issuer)
    policy = pycosign.Policy([anyone], threshold=2)
    for present in ([PEOPLE[0]], [PEOPLE[0], "alice again"]):
        with pytest.raises(pycosign.RefusedError) as caught:
            pycosign.verify_signers(PLAN, bundles=[bundles[who] for who in present], policy=policy, trust=trust)
        assert caught.value.code == "signers.threshold"
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_file(PLAN, bundle=bundles[PEOPLE[0]], signer=policy, trust=trust)
    assert len(pycosign.verify_signers(PLAN, bundles=[bundles[who] for who in PEOPLE], policy=policy, trust=trust)) == 2


def test_a_bundle_for_another_file_is_no_signature_of_this_one(
    bundles: dict[str, pycosign.Bundle], signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    for threshold in (1, 2):
        with pytest.raises(pycosign.RefusedError):
            pycosign.verify_signers(
                b"other",
                bundles=bundles.values(),
                policy=pycosign.Policy(signers, threshold=threshold),
                trust=trust,
            )


def test_attestations_count_as_signatures_of_nobody(
    sandbox: Sandbox, key: pycosign.PrivateKey, bundles: dict[str, pycosign.Bundle], trust: pycosign.Trust
) -> None:
    said = pycosign.attest_file(
        PLAN, predicate_type="custom", predicate="no", signer=sandbox.sign_in(PEOPLE[0]), instance=sandbox.instance
    )
    policy = pycosign.Policy([sandbox.identity(PEOPLE[0]), key.public], threshold=2)
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_signers(PLAN, bundles=[said, bundles["key"]], policy=policy, trust=trust)
    assert caught.value.code == "signers.threshold"


def test_a_policy_that_cannot_be_met_or_demands_nothing_is_a_usage_error(
    signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    for threshold in (0, -1, 4):
        with pytest.raises(pycosign.UsageError):
            pycosign.Policy(signers, threshold=threshold)
    with pytest.raises(pycosign.UsageError):
        pycosign.Policy([])
    with pytest.raises(pycosign.UsageError):
        pycosign.Policy([signers[2], signers[2]])
    with pytest.raises(pycosign.UsageError):
        pycosign.Policy(["alice@example.com"])  # type: ignore[list-item]
    with pytest.raises(pycosign.UsageError):
        pycosign.Policy(signers, min_logs=2, waive=pycosign.Waiver.TLOG)
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=pycosign.Policy(signers), trust=trust, waive=pycosign.Waiver.TLOG)


def test_no_signature_is_refused_whoever_is_demanded(
    sandbox: Sandbox, signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    for demand in (signers[0], pycosign.Policy(signers[:1]), pycosign.Policy(signers)):
        with pytest.raises(pycosign.RefusedError):
            pycosign.Verifier(signer=demand, trust=trust).verify_signers(PLAN, bundles=[])


def test_a_policy_of_one_refuses_with_the_codes_of_one(
    bundles: dict[str, pycosign.Bundle], signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(PLAN, bundle=bundles["mallory"], signer=pycosign.Policy(signers[:1]), trust=trust)
    assert caught.value.code == "identity.mismatch"


def test_an_attestation_by_any_of_several(
    sandbox: Sandbox, signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    said = pycosign.attest_file(
        PLAN, predicate_type="custom", predicate=1, signer=sandbox.sign_in(PEOPLE[1]), instance=sandbox.instance
    )
    verifier = pycosign.Verifier(signer=pycosign.Policy(signers), trust=trust)
    assert verifier.verify_attestation(PLAN, bundle=said, predicate_type="custom").identity == PEOPLE[1]
    for content, kind in ((PLAN, "spdxjson"), (b"other", "custom")):
        with pytest.raises(pycosign.RefusedError):
            verifier.verify_attestation(content, bundle=said, predicate_type=kind)


def test_several_bundles_in_one_file(
    bundles: dict[str, pycosign.Bundle], signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    lines = b"".join(bundles[who].to_json().strip() + b"\n" for who in ("mallory", *PEOPLE))
    assert pycosign.verify_file(PLAN, bundle=lines, signer=signers[1], trust=trust).identity == PEOPLE[1]
    two = pycosign.Policy(signers, threshold=2)
    assert len(pycosign.verify_signers(PLAN, bundles=[lines], policy=two, trust=trust)) == 2
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(PLAN, bundle=lines, signer=signers[2], trust=trust)
    assert caught.value.code == "bundle.none-accepted"


def test_an_image_needs_the_signatures_of_two(
    sandbox: Sandbox, key: pycosign.PrivateKey, signers: tuple[pycosign.Signer, ...], trust: pycosign.Trust
) -> None:
    image = sandbox.push_image("api/two-of-three")
    verifier = pycosign.Verifier(signer=pycosign.Policy(signers, threshold=2), trust=trust)
    with pytest.raises(NoSignaturesError):
        verifier.verify_image(image)
    pycosign.sign_image(image, signer=key, instance=sandbox.instance)
    pycosign.sign_image(image, signer=key, instance=sandbox.instance)
    pycosign.sign_image(image, signer=sandbox.sign_in("mallory@example.com"), instance=sandbox.instance)
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_image(image)
    assert caught.value.code == "signers.threshold"
    any_of = pycosign.Verifier(signer=pycosign.Policy(signers), trust=trust)
    assert any_of.verify_image(image).signatures[0].identity is None
    pycosign.sign_image(image, signer=sandbox.sign_in(PEOPLE[1]), instance=sandbox.instance)
    assert {item.identity for item in verifier.verify_image(image).signatures} == {None, PEOPLE[1]}
    people = pycosign.Policy([sandbox.identity("carol@example.com"), sandbox.identity(PEOPLE[0])])
    with pytest.raises(NoMatchingSignaturesError):
        pycosign.verify_image(image, signer=people, trust=trust)


def test_a_policy_file_says_the_same(
    tmp_path: Path,
    sandbox: Sandbox,
    key: pycosign.PrivateKey,
    bundles: dict[str, pycosign.Bundle],
    trust: pycosign.Trust,
) -> None:
    (tmp_path / "release.pub").write_bytes(key.public.to_pem())
    (tmp_path / "policy.yaml").write_text(
        f"""schema: 1
signers:
- identity: alice@example.com
  issuer: "{sandbox.issuer}"
- key: release.pub
threshold: 2
"""
    )
    policy = pycosign.Policy.load(tmp_path / "policy.yaml")
    two = [bundles[PEOPLE[0]], bundles["key"]]
    assert len(pycosign.verify_signers(PLAN, bundles=two, policy=policy, trust=trust)) == 2
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_signers(PLAN, bundles=two[:1], policy=policy, trust=trust)


def test_a_policy_file_with_an_unknown_member_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("schema: 1\nsigners: []\nthreshhold: 2\n")
    with pytest.raises(pycosign.UsageError) as caught:
        pycosign.Policy.load(tmp_path / "policy.yaml")
    assert caught.value.code == "policy.malformed"
    with pytest.raises(pycosign.UsageError):
        pycosign.Policy.load(tmp_path / "nosuch.yaml")

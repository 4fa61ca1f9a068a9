"""Who trusts less accepts no more: whatever is taken out of a trust root, no refused bundle becomes a good one.

One kind of step is allowed: what is no longer known is no longer asked about. A wrong or contradicting timestamp of a
known authority refuses; of an unknown one it is left aside. Whoever presents evidence could have left it out himself,
so there is nothing to win, and the property says just that: what a smaller trust root accepts, the whole one accepts
of some of the same evidence. Where even that does not hold, `EXCEPTIONS` says why, and each is shown below.
"""

from itertools import product

import pytest
from hypothesis import given, settings

from pycosign.crypto.signers import generate_signer
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.wire.trusted_root import Authority, TrustedRoot, ValidFor
from tests.verify.attempts import GOOD
from tests.verify.factory import EPOCH, SIGNED_AT, World
from tests.verify.issuing import make_authority
from tests.verify.lesser import smaller_roots, without_some_pieces
from tests.verify.situations import ALWAYS, ENDED, MINUTE, VERIFIED, YEAR, Situation, drawn, recorded
from tests.verify.test_thresholds import in_two_logs, two_logs

REFUSED = tuple(item for item in recorded() if item.answer() != VERIFIED)

# (what is removed, the code before) -> why it may be, though the trust root is smaller. None of it is up to whoever
# presents evidence; all of it is up to who writes the trust root, and docs/trust.md tells them.
EXCEPTIONS = {
    ("tlogs: one removed", "tlog.threshold"): "a third log may be what shows that two are of one operator",
    ("certificate_authorities: one removed", "cert.not-valid-at-time"): (
        "the entry of an intermediate says until when it counts; without it, it is one of many below a root that counts"
    ),
    ("timestamp_authorities: one removed", "timestamp.outside-validity"): (
        "the same of a timestamp authority's signer, below a root that leaves the signer to the token"
    ),
    (
        "certificate_authorities: a chain without its lower end",
        "cert.not-valid-at-time",
    ): "the same: it has no entry left",
    ("timestamp_authorities: a chain without its lower end", "timestamp.outside-validity"): "and of the signer",
    ("timestamp_authorities: one removed", "timestamp.threshold"): "as of logs: a third one may link two",
    ("certificate_authorities: a chain without its root", "cert.not-valid-at-time"): (
        "a chain without its root is another anchor, the last one that is left: its root's own dates no longer count"
    ),
    ("timestamp_authorities: a chain without its lower end", "timestamp.missing"): (
        "a chain that does not begin with a signer leaves the signer to the token"
    ),
}


def violations(situation: Situation) -> list[tuple[str, str]]:
    """What can be taken away so that something is accepted of which nothing was."""
    before = situation.answer()
    if before in (VERIFIED, "usage"):
        return []
    found = [name for name, root in smaller_roots(situation.root) if situation._replace(root=root).answer() == VERIFIED]
    if not found or any(
        situation._replace(evidence=less).answer() == VERIFIED for less in without_some_pieces(situation.evidence)
    ):
        return []
    return [(name, before) for name in found]


def unexplained(situation: Situation) -> list[tuple[str, str]]:
    return [violation for violation in violations(situation) if violation not in EXCEPTIONS]


@pytest.mark.parametrize("situation", REFUSED, ids=lambda item: item.name)
def test_less_trust_makes_no_recorded_bundle_good(situation: Situation) -> None:
    assert unexplained(situation) == []


@settings(derandomize=True, max_examples=60)
@given(drawn())
def test_less_trust_makes_no_generated_bundle_good(situation: Situation) -> None:
    assert unexplained(situation) == []


# ---- the exceptions, each by itself --------------------------------------------------------------------------------
def in_logs_that_a_third_one_links(world: World) -> Situation:
    root = world.trusted_root()
    link = root.tlogs[0]._replace(operator="second", log_id=b"\x07" * 32, base_url="https://third.example")
    return Situation("", in_two_logs(world), GOOD, root._replace(tlogs=(*root.tlogs, link)), two_logs(world))


def below_an_intermediate_that_was_retired(world: World) -> Situation:
    """The bundle brings it along, and the trust root has a successor below the same root."""
    evidence = world.blob()
    evidence = evidence._replace(source="bundle v0.2", chain_der=(*evidence.chain_der, world.ca.der))
    successor = make_authority("successor", world.root, EPOCH, EPOCH + 10 * YEAR)
    chains = ((world.ca, ENDED), (successor, ALWAYS))
    found = tuple(Authority("https://ca", "", "", (ca.der, world.root.der), window) for ca, window in chains)
    return Situation("", evidence, GOOD, _root(world, certificate_authorities=found), world.requirements())


def stamped_by_a_signer_that_was_retired(world: World) -> Situation:
    """Its token brings its certificate, and another entry has its root alone."""
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, certificates=True),))
    chains = (((world.tsa.der, world.tsa_root.der), ENDED), ((world.tsa_root.der,), ALWAYS))
    found = tuple(Authority("https://tsa", "", "", chain, window) for chain, window in chains)
    return Situation("", evidence, GOOD, _root(world, timestamp_authorities=found), world.requirements())


def stamped_by_authorities_that_a_third_one_links(world: World) -> Situation:
    other = World()
    evidence = world.blob(stamped_at=SIGNED_AT)
    evidence = evidence._replace(timestamps=(*evidence.timestamps, other.stamp(evidence.signature)))
    found = tuple(
        Authority(f"https://{host}", "", "", (item.tsa.der, item.tsa_root.der), ALWAYS)
        for item, host in ((world, "one.example"), (other, "two.test"))
    )
    link = found[0]._replace(uri="https://tsa.two.test")
    demand = world.requirements()._replace(min_timestamp_authorities=2)
    return Situation("", evidence, GOOD, _root(world, timestamp_authorities=(*found, link)), demand)


def below_a_root_that_had_ended(world: World) -> Situation:
    root = make_authority("short", None, EPOCH, SIGNED_AT - MINUTE)
    ca = make_authority("long", root, EPOCH, EPOCH + 10 * YEAR)
    found = (Authority("https://ca", "", "", (ca.der, root.der), ALWAYS),)
    evidence = world.blob(world.certificate(ca=ca))
    return Situation("", evidence, GOOD, _root(world, certificate_authorities=found), world.requirements())


def stamped_by_another_signer_of_the_authority(world: World) -> Situation:
    sibling = world.timestamp_certificate(EPOCH, EPOCH + 10 * YEAR)
    evidence = world.blob(log="v2")
    evidence = evidence._replace(timestamps=(world.stamp(evidence.signature, tsa=sibling, certificates=True),))
    return Situation("", evidence, GOOD, world.trusted_root(), world.requirements())


def _root(world: World, **members: tuple[Authority, ...]) -> TrustedRoot:
    return world.trusted_root()._replace(**members)  # type: ignore[arg-type]


def test_every_exception_is_one(world: World) -> None:
    makers = (
        in_logs_that_a_third_one_links,
        below_an_intermediate_that_was_retired,
        stamped_by_a_signer_that_was_retired,
        stamped_by_authorities_that_a_third_one_links,
        below_a_root_that_had_ended,
        stamped_by_another_signer_of_the_authority,
    )
    shown = {violation for make in makers for violation in violations(make(world))}
    assert shown == set(EXCEPTIONS)


@pytest.mark.parametrize("window", [ENDED, ValidFor(EPOCH, EPOCH)])
def test_to_end_the_window_of_an_authority_is_safe_where_to_remove_it_is_not(world: World, window: ValidFor) -> None:
    """What docs/trust.md tells who writes a trust root."""
    situation = below_an_intermediate_that_was_retired(world)
    retired, successor = situation.root.certificate_authorities
    ended = _root(world, certificate_authorities=(retired._replace(valid_for=window), successor))
    removed = _root(world, certificate_authorities=(successor,))
    assert situation._replace(root=ended).answer() == "cert.not-valid-at-time"
    assert situation._replace(root=removed).answer() == VERIFIED


# ---- one log or authority in several entries -----------------------------------------------------------------------
def test_a_log_that_is_listed_twice_counts_by_either_entry(world: World) -> None:
    """Under another name, say, or with a key of which nothing was ever signed: neither order nor number decides."""
    signer, root = generate_signer("ecdsa-p256"), world.trusted_root()
    key, other = Requirements(SignerKey(signer.public_key)), generate_signer("ed25519").public_key.spki_der
    v2, ct = root.tlogs[1], root.ctlogs[0]
    for stamped_at, again in product(
        (None, SIGNED_AT),
        (
            v2._replace(base_url="https://moved.test"),
            v2._replace(checkpoint_key_id=bytes(32)),
            v2._replace(key_der=other),
        ),
    ):
        evidence = world.blob(signer, log="v2", stamped_at=stamped_at)
        for tlogs in ((v2, again), (again, v2)):
            assert Situation("", evidence, GOOD, root._replace(tlogs=tlogs), key).answer() == VERIFIED
        assert Situation("", evidence, GOOD, root._replace(tlogs=(again,)), key).answer() == "checkpoint.invalid"
    again = ct._replace(key_der=generate_signer("ecdsa-p256").public_key.spki_der)
    for ctlogs, expected in (((ct, again), VERIFIED), ((again, ct), VERIFIED), ((again,), "sct.invalid")):
        found = root._replace(ctlogs=ctlogs)
        assert Situation("", world.blob(), GOOD, found, world.requirements()).answer() == expected

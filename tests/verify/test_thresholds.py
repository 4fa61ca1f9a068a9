"""How many distinct logs and authorities there must be, when a key counts, and which claims a certificate must have."""

import hashlib
from datetime import timedelta

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.distinct import distinct_authorities, distinct_logs
from pycosign.verify.evidence import Evidence
from pycosign.verify.fulcio_claims import CLAIM_NUMBERS, claim_name
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustedAuthority, TrustedLog
from pycosign.wire.trusted_root import Authority, TrustedRoot, ValidFor
from tests.verify.attempts import Attempt
from tests.verify.factory import ARTIFACT, EPOCH, IDENTITY, ISSUER, SIGNED_AT, World
from tests.verify.issuing import Issued

HOUR = timedelta(hours=1)


def verified(world: World, evidence: Evidence, requirements: Requirements, root: TrustedRoot | None = None) -> Verified:
    trust = world.trust() if root is None else world.trust(**root._asdict())
    return Attempt(evidence, trust=trust, requirements=requirements).run(world)


def refused(
    world: World, evidence: Evidence, requirements: Requirements, code: str, root: TrustedRoot | None = None
) -> SigningError:
    with pytest.raises(SigningError) as refusal:
        verified(world, evidence, requirements, root)
    assert refusal.value.code == code, refusal.value
    return refusal.value


def logged_again(world: World, log: str, issued: Issued, evidence: Evidence) -> Evidence:
    """The same signature, in one more log or once more in the same."""
    digest = hashlib.sha256(ARTIFACT).digest()
    entry = world._log_digest(log, "sha256", digest, evidence.signature, issued, SIGNED_AT)
    return evidence._replace(entries=(*evidence.entries, entry))


# ---- logs ----------------------------------------------------------------------------------------------------------
def in_two_logs(world: World) -> Evidence:
    issued = world.certificate()
    return logged_again(world, "v2", issued, world.blob(issued, stamped_at=SIGNED_AT))


def two_logs(world: World) -> Requirements:
    return world.requirements()._replace(min_logs=2)


def test_two_logs_of_different_operators_meet_a_threshold_of_two(world: World) -> None:
    assert len(verified(world, in_two_logs(world), two_logs(world)).log_entries) == 2


def test_one_log_does_not_meet_a_threshold_of_two(world: World) -> None:
    refused(world, world.blob(), two_logs(world), "tlog.threshold")


def test_one_log_that_is_presented_twice_counts_once(world: World) -> None:
    """GHSA-9vcr-p3rj-q5q6."""
    issued = world.certificate()
    twice = logged_again(world, "v1", issued, world.blob(issued))
    assert twice.entries[0].log_index != twice.entries[1].log_index
    error = refused(world, twice, two_logs(world), "tlog.threshold")
    assert "1 distinct log(s) of 2" in str(error)


@pytest.mark.parametrize("shared", ["operator", "base_url"])
def test_two_logs_that_share_their_operator_or_url_count_once(world: World, shared: str) -> None:
    """Shards of one log, or one log that is listed twice."""
    root = world.trusted_root()
    value = "https://log2.example.com:3003/x/" if shared == "base_url" else "Example.com"
    other = "https://LOG2.example.com:3003/x" if shared == "base_url" else "example.com"
    logs = tuple(
        log._replace(operator=name) if shared == "operator" else log._replace(base_url=name)
        for log, name in zip(root.tlogs, (value, other), strict=True)
    )
    refused(world, in_two_logs(world), two_logs(world), "tlog.threshold", root._replace(tlogs=logs))


def test_two_logs_that_a_third_one_of_the_trust_root_links_count_once(world: World) -> None:
    root = world.trusted_root()
    first, second = (log._replace(operator=name) for log, name in zip(root.tlogs, ("one", "two"), strict=True))
    link = first._replace(operator="two", log_id=b"\x07" * 32, base_url="https://third.example")
    assert verified(world, in_two_logs(world), two_logs(world), root._replace(tlogs=(first, second)))
    refused(world, in_two_logs(world), two_logs(world), "tlog.threshold", root._replace(tlogs=(first, second, link)))


def test_an_unknown_log_does_not_count_towards_the_threshold(world: World) -> None:
    root = world.trusted_root()
    error = refused(world, in_two_logs(world), two_logs(world), "tlog.threshold", root._replace(tlogs=root.tlogs[:1]))
    assert "not in the trust root" in str(error)


def test_a_number_of_logs_cannot_be_demanded_of_a_check_that_is_turned_off(world: World) -> None:
    demand = two_logs(world)._replace(waivers=frozenset({Waiver.TLOG}))
    refused(world, world.blob(stamped_at=SIGNED_AT), demand, "usage")


def test_one_key_in_two_places_is_one_log(world: World) -> None:
    key = generate_signer("ecdsa-p256").public_key.spki_der
    always = ValidFor()
    logs = [TrustedLog(f"https://{name}.example", name.encode(), key, always) for name in "ab"]
    assert distinct_logs(logs, logs) == 1
    assert distinct_logs([], logs) == 0


def test_a_key_of_an_unknown_kind_among_the_logs_does_not_stop_the_count(world: World) -> None:
    logs = [TrustedLog(f"https://{name}.example", name.encode(), name.encode(), ValidFor()) for name in "ab"]
    assert distinct_logs(logs, logs) == 2


def test_another_log_s_time_does_not_bring_back_one_that_was_retired(world: World) -> None:
    """Without a timestamp, the promise of the one log is the only moment at which the other can have been trusted."""
    issued = world.certificate()
    once = world.blob(issued)
    twice = logged_again(world, "v2", issued, once)
    root = world.trusted_root()
    for end, code in ((SIGNED_AT + HOUR, None), (SIGNED_AT - HOUR, "tlog.threshold")):
        window = ValidFor(EPOCH, end)
        found = root._replace(tlogs=(root.tlogs[0], root.tlogs[1]._replace(valid_for=window)))
        for entries in (twice.entries, twice.entries[::-1]):
            evidence = twice._replace(entries=entries)
            if code is None:
                assert len(verified(world, evidence, two_logs(world), found).log_entries) == 2
            else:
                refused(world, evidence, two_logs(world), code, found)
                assert len(verified(world, evidence, world.requirements(), found).log_entries) == 1


# ---- timestamp authorities -----------------------------------------------------------------------------------------
def authority_of(world: World, *, uri: str, operator: str = "") -> Authority:
    return Authority(uri, "", "", (world.tsa.der, world.tsa_root.der), world.window, operator)


def two_authorities(world: World, other: World, **second: str) -> TrustedRoot:
    first = authority_of(world, uri="https://tsa.example.com", operator="first")
    names = {"uri": "https://tsa.other.example", "operator": "second", **second}
    return world.trusted_root()._replace(timestamp_authorities=(first, authority_of(other, **names)))


def stamped_twice(world: World, other: World) -> Evidence:
    evidence = world.blob(stamped_at=SIGNED_AT)
    return evidence._replace(timestamps=(*evidence.timestamps, other.stamp(evidence.signature)))


@pytest.fixture(scope="module")
def other() -> World:
    return World()


def two_stamps(world: World) -> Requirements:
    return world.requirements()._replace(min_timestamp_authorities=2)


def test_two_authorities_meet_a_threshold_of_two(world: World, other: World) -> None:
    root = two_authorities(world, other)
    assert len(verified(world, stamped_twice(world, other), two_stamps(world), root).times) == 3


@pytest.mark.parametrize("second", [{"operator": "FIRST"}, {"uri": "http://TSA.example.com/"}])
def test_two_authorities_that_share_their_operator_or_url_count_once(
    world: World, other: World, second: dict[str, str]
) -> None:
    root = two_authorities(world, other, **second)
    refused(world, stamped_twice(world, other), two_stamps(world), "timestamp.threshold", root)


def test_one_authority_of_two_does_not_bring_back_a_log_that_was_retired(world: World, other: World) -> None:
    """It could stamp any moment, and the log's old key may be anybody's: two are demanded because one may lie."""
    retired = ValidFor(EPOCH, SIGNED_AT + timedelta(seconds=30))
    root = two_authorities(world, other)
    root = root._replace(tlogs=tuple(log._replace(valid_for=retired) for log in root.tlogs))
    signer = generate_signer()
    demand = Requirements(SignerKey(signer.public_key), min_timestamp_authorities=2)
    evidence = world.blob(signer, log="v2")
    late = SIGNED_AT + timedelta(days=1)
    for moments, code in (
        ((SIGNED_AT, SIGNED_AT), None),
        ((SIGNED_AT, late), "tlog.unknown-log"),
        ((late, late), "tlog.unknown-log"),
    ):
        stamps = tuple(by.stamp(evidence.signature, at) for by, at in zip((world, other), moments, strict=True))
        stamped = evidence._replace(timestamps=stamps)
        if code is None:
            assert len(verified(world, stamped, demand, root).times) == 2
            again = world.stamp(evidence.signature, late)  # in an archive, say
            verified(world, stamped._replace(timestamps=(*stamps, again)), demand, root)
        else:
            refused(world, stamped, demand, code, root)
    alone = evidence._replace(timestamps=(world.stamp(evidence.signature),))
    refused(world, alone, demand, "timestamp.threshold", root)


def test_two_timestamps_of_one_authority_count_once(world: World) -> None:
    evidence = world.blob(stamped_at=SIGNED_AT)
    later = world.stamp(evidence.signature, SIGNED_AT + timedelta(seconds=1))
    twice = evidence._replace(timestamps=(*evidence.timestamps, later))
    refused(world, twice, two_stamps(world), "timestamp.threshold")


def test_authorities_below_one_root_count_once(world: World) -> None:
    sibling = world.timestamp_certificate(world.tsa.certificate.not_valid_before_utc, SIGNED_AT + 24 * HOUR)
    chains = ((world.tsa.der, world.tsa_root.der), (sibling.der, world.tsa_root.der))
    authorities = [TrustedAuthority(f"https://{i}.example", chain, ValidFor()) for i, chain in enumerate(chains)]
    assert distinct_authorities([(item, ()) for item in authorities], authorities) == 1


def test_one_authority_that_is_demanded_must_be_there(world: World) -> None:
    demand = world.requirements()._replace(min_timestamp_authorities=1)
    refused(world, world.blob(), demand, "timestamp.missing")
    assert verified(world, world.blob(stamped_at=SIGNED_AT), demand)


# ---- when a key counts ---------------------------------------------------------------------------------------------
WINDOWS = {
    "open end": (SIGNED_AT - HOUR, None, ""),
    "open start": (None, SIGNED_AT + HOUR, ""),
    "the moment itself": (SIGNED_AT, SIGNED_AT, ""),
    "too early": (SIGNED_AT + HOUR, None, "key.outside-window"),
    "too late": (None, SIGNED_AT - HOUR, "key.outside-window"),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("material", ["log", "timestamp"])
def test_a_key_counts_inside_its_window_only(world: World, name: str, material: str) -> None:
    """GHSA-wqqc-jjcq-vfxm: the window was there, and nobody looked at it."""
    signer = generate_signer("ecdsa-p256")
    start, end, code = WINDOWS[name]
    demand = Requirements(SignerKey(signer.public_key, None, start, end))
    evidence = world.blob(signer) if material == "log" else world.blob(signer, log="v2", stamped_at=SIGNED_AT)
    if code:
        refused(world, evidence, demand, code)
    else:
        assert verified(world, evidence, demand)


def test_every_proved_moment_must_be_inside_the_window(world: World) -> None:
    """Who holds a retired key could present the timestamp that suits."""
    signer = generate_signer("ecdsa-p256")
    evidence = world.blob(signer, stamped_at=SIGNED_AT + 2 * HOUR)
    demand = Requirements(SignerKey(signer.public_key, None, None, SIGNED_AT + HOUR))
    refused(world, evidence, demand, "key.outside-window")


@pytest.mark.parametrize("waivers", [frozenset[Waiver](), frozenset({Waiver.TLOG})])
def test_a_window_needs_a_proved_moment(world: World, waivers: frozenset[Waiver]) -> None:
    """A log of the second kind states no time, and the reader's own clock says nothing about the signature's."""
    signer = generate_signer("ecdsa-p256")
    demand = Requirements(SignerKey(signer.public_key, None, None, SIGNED_AT + 10**5 * HOUR), waivers)
    refused(world, world.blob(signer, log="v2"), demand, "timestamp.missing")


def test_a_window_without_a_time_zone_is_a_usage_error(world: World) -> None:
    signer = generate_signer("ecdsa-p256")
    demand = Requirements(SignerKey(signer.public_key, None, SIGNED_AT.replace(tzinfo=None)))
    refused(world, world.blob(signer), demand, "usage")


# ---- claims --------------------------------------------------------------------------------------------------------
ALL_CLAIMS = {number: f"the {name}" for name, number in CLAIM_NUMBERS.items()} | {1: ISSUER, 8: ISSUER}


def claiming(claims: dict[int, TextRule]) -> Requirements:
    return Requirements(SignerIdentity(TextRule(IDENTITY), TextRule(ISSUER), claims=claims))


@pytest.mark.parametrize("number", sorted(ALL_CLAIMS))
def test_each_claim_is_compared(world: World, number: int) -> None:
    evidence = world.blob(world.certificate(claims=ALL_CLAIMS))
    value = ALL_CLAIMS[number]
    assert verified(world, evidence, claiming({number: TextRule(value)}))
    assert verified(world, evidence, claiming({number: TextRule(regexp=f"^{value[:5]}")}))
    error = refused(world, evidence, claiming({number: TextRule(value + "x")}), "claim.mismatch")
    assert claim_name(number) in str(error)


@pytest.mark.parametrize("number", [7, 9, 24, 25])
def test_a_claim_that_is_missing_is_refused_whatever_would_match(world: World, number: int) -> None:
    refused(world, world.blob(), claiming({number: TextRule(regexp="")}), "claim.mismatch")


def test_every_demanded_claim_must_hold(world: World) -> None:
    evidence = world.blob(world.certificate(claims=ALL_CLAIMS))
    refused(world, evidence, claiming({9: TextRule(ALL_CLAIMS[9]), 10: TextRule("no")}), "claim.mismatch")


def test_claims_are_those_of_the_certificate_that_fulcio_would_write() -> None:
    assert sorted(CLAIM_NUMBERS.values()) == [*range(1, 7), *range(8, 25)]

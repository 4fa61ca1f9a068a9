"""Evidence that nobody here can judge changes nothing, and what is left out helps only where it was wrong.

And no order decides: not of entries and timestamps, nor of what a trust root lists.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import given, settings

from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.wire.sct import Sct
from pycosign.wire.trusted_root import TrustedRoot
from tests.mutation.generated import another_world
from tests.verify.attempts import GOOD
from tests.verify.factory import EPOCH, World
from tests.verify.lesser import less_evidence
from tests.verify.situations import ENDED, VERIFIED, Situation, drawn, recorded, stamp_of

# What is left out -> the codes of the refusals that it may take away, and why.
EXCEPTIONS = {
    # A timestamp of a known authority that is false, or of a moment that the certificate, the key, the log does not
    # cover: every moment must fit, and who made the signature could have asked for fewer.
    "timestamp": {
        "malformed",
        "timestamp.invalid",
        "timestamp.outside-validity",
        "key.outside-window",
        "tlog.unknown-log",
        "tlog.threshold",
        "cert.not-valid-at-time",
    },
    # An entry of a known log that is false, speaks of something else, or was made at a moment that does not fit.
    "entry": {
        "malformed",
        "tlog.entry-mismatch",
        "tlog.missing",
        "tlog.promise-invalid",
        "tlog.root-mismatch",
        "checkpoint.invalid",
        "cert.not-valid-at-time",
        "key.outside-window",
    },
    # A promise that is false, or of a moment that does not fit the certificate, the key or the log: then the proof
    # stands alone, and the log is judged by the timestamps, or for a key without any by nothing.
    "promise": {
        "malformed",
        "tlog.promise-invalid",
        "tlog.unknown-log",
        "tlog.threshold",
        "cert.not-valid-at-time",
        "key.outside-window",
    },
    # A proof that is false, beside a promise, where the format does not demand one.
    "proof": {"malformed", "tlog.root-mismatch", "checkpoint.invalid"},
    # A certificate above the signer's that may not be there; none is needed that the trust root has.
    "chain": {"malformed", "cert.untrusted"},
    "certificate log's promise": {"malformed", "sct.invalid"},
}
NEVER = {"signature.invalid", "artifact.digest-mismatch", "identity.mismatch", "issuer.mismatch", "key.mismatch"}


def test_nothing_makes_up_for_a_wrong_signature_signer_or_artifact() -> None:
    assert all(codes.isdisjoint(NEVER) for codes in EXCEPTIONS.values())


# ---- less ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "situation", [item for item in recorded() if item.answer() != VERIFIED], ids=lambda item: item.name
)
def test_less_evidence_makes_no_recorded_bundle_good_but_for_what_was_wrong_in_it(situation: Situation) -> None:
    assert_less_is_no_better(situation)


@settings(derandomize=True, max_examples=200)
@given(drawn())
def test_less_evidence_makes_no_generated_bundle_good_but_for_what_was_wrong_in_it(situation: Situation) -> None:
    assert_less_is_no_better(situation)


def assert_less_is_no_better(situation: Situation) -> None:
    before = situation.answer()
    for what, less in less_evidence(situation.evidence) if before != VERIFIED else ():
        if before not in EXCEPTIONS[what]:
            assert situation._replace(evidence=less).answer() != VERIFIED, (what, before)


def test_a_log_that_has_ended_is_not_brought_back_without_its_promise_where_a_moment_is_demanded(world: World) -> None:
    """The exception "promise" of a key that needs no moment, and what docs/policy.md says of it."""
    signer = generate_signer("ecdsa-p256")
    key = Requirements(SignerKey(signer.public_key))
    root = world.trusted_root()
    root = root._replace(tlogs=tuple(log._replace(valid_for=ENDED) for log in root.tlogs))
    whole = world.blob(signer)
    bare = whole._replace(entries=(whole.entries[0]._replace(promise=None),))
    windowed = key._replace(signer=SignerKey(signer.public_key, valid_from=EPOCH))
    for demand, expected in (
        (key, VERIFIED),
        (windowed, "timestamp.missing"),
        (key._replace(min_timestamp_authorities=1), "timestamp.missing"),
    ):
        assert Situation("", whole, GOOD, root, demand).answer() == "tlog.unknown-log"
        assert Situation("", bare, GOOD, root, demand).answer() == expected
        stamped = bare._replace(timestamps=(world.stamp(bare.signature),))
        assert Situation("", stamped, GOOD, root, demand).answer() == "tlog.unknown-log"


# ---- more ----------------------------------------------------------------------------------------------------------
def more_evidence(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """What strangers say of it."""
    stranger = another_world()
    yield "timestamp", evidence._replace(timestamps=(*evidence.timestamps, stamp_of(evidence, "a stranger", "in time")))
    for entry in evidence.entries[:1]:
        theirs = entry._replace(log_id=bytes(32), promise=b"\x30\x00")
        yield "entry", evidence._replace(entries=(*evidence.entries, theirs))
        yield "entry before", evidence._replace(entries=(theirs, *evidence.entries))
    if evidence.chain_der:
        leaf, *above = evidence.chain_der
        yield "certificate", evidence._replace(chain_der=(leaf, stranger.ca.der, *above))
        if evidence.detached_sct is None:
            sct = Sct(bytes(32), 0, b"", "sha256", "ecdsa", b"\x30\x00")
            yield "certificate log's promise", evidence._replace(detached_sct=sct)


@pytest.mark.parametrize("situation", recorded(), ids=lambda item: item.name)
def test_what_strangers_say_of_a_recorded_bundle_changes_nothing(situation: Situation) -> None:
    assert_more_is_the_same(situation)


@settings(derandomize=True, max_examples=150)
@given(drawn())
def test_what_strangers_say_of_a_generated_bundle_changes_nothing(situation: Situation) -> None:
    assert_more_is_the_same(situation)


def assert_more_is_the_same(situation: Situation) -> None:
    before = situation.answer()
    for what, more in more_evidence(situation.evidence):
        after = situation._replace(evidence=more).answer()
        if before == VERIFIED:
            assert after == VERIFIED, what
        else:
            assert after != VERIFIED, (what, before)


# ---- order ---------------------------------------------------------------------------------------------------------
def orders(situation: Situation) -> Iterator[Situation]:
    evidence, root = situation.evidence, situation.root
    for entries in permutations(evidence.entries[:3]):
        yield situation._replace(evidence=evidence._replace(entries=(*entries, *evidence.entries[3:])))
    for stamps in permutations(evidence.timestamps[:3]):
        yield situation._replace(evidence=evidence._replace(timestamps=(*stamps, *evidence.timestamps[3:])))
    turned = TrustedRoot(*(tuple(reversed(getattr(root, member))) for member in TrustedRoot._fields))
    yield situation._replace(root=turned)


def proved(situation: Situation) -> object:
    """Whether it is good, and if so all that was proved, in no order."""
    try:
        verified = situation.result()
    except SigningError:
        return None
    times = {(time.at, time.source) for time in verified.times}
    logs = {(entry.log_id, entry.log_index) for entry in verified.log_entries}
    return verified.identity, verified.key, verified.digest, times, logs, set(verified.sct_logs)


@pytest.mark.parametrize("situation", recorded(), ids=lambda item: item.name)
def test_no_order_in_a_recorded_bundle_decides(situation: Situation) -> None:
    assert all(proved(other) == proved(situation) for other in orders(situation))


@settings(derandomize=True, max_examples=150)
@given(drawn())
def test_no_order_in_a_generated_bundle_decides(situation: Situation) -> None:
    assert all(proved(other) == proved(situation) for other in orders(situation))


_PROGRAM = """
import json
from tests.verify.lesser import stricter_demands
from tests.verify.situations import recorded
chosen = [item for item in recorded() if item.answer() != "verified"][::3] + list(recorded()[:60:6])
print(json.dumps([
    [item.name, item.answer(), *(item._replace(requirements=demand).answer() for _, demand in stricter_demands(item))]
    for item in chosen
]))
"""


def test_codes_do_not_depend_on_the_order_of_sets() -> None:
    """Which differs from one process to the next."""
    found = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
            capture_output=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    assert len(found[0]) > 15

"""Certificate log proofs: several inside a certificate, one beside it, with extensions, of other kinds of keys."""

from datetime import timedelta

import pytest

from pycosign.crypto.signers import generate_signer
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Waiver
from pycosign.verify.trust import TrustRoot
from pycosign.wire.sct import CertificateEntry, Sct
from tests.verify.attempts import Attempt, flipped, waiving
from tests.verify.factory import EPOCH, World
from tests.verify.promises import Promise, beside, ct_log, precertificate_entry, with_scts

OTHER_LOG = generate_signer("ecdsa-p384")
RSA_LOG = generate_signer("rsa-2048")
URL, OTHER_URL = "https://ct.example.com", "https://ct2.example.com"


def bare(world: World) -> Evidence:
    return world.blob(world.certificate(with_sct=False))


def refuse(world: World, evidence: Evidence, code: str = "sct.invalid", trust: TrustRoot | None = None) -> None:
    with pytest.raises(SigningError) as refusal:
        Attempt(evidence, trust=trust).run(world)
    assert (refusal.value.code, refusal.value.check) == (code, "certificate-log")


def two_logs(world: World) -> TrustRoot:
    return world.trust(ctlogs=(world.ct_key(), ct_log(world, OTHER_LOG)))


# ---- beside the certificate ----------------------------------------------------------------------------------------
def test_a_promise_beside_a_certificate_counts(world: World) -> None:
    assert Attempt(beside(world, bare(world))).run(world).sct_logs == (URL,)


@pytest.mark.parametrize("extensions", [b"\x00\x00\x05\x00\x00\x00\x00\x07", b"anything at all"])
def test_extensions_of_a_promise_are_signed(world: World, extensions: bytes) -> None:
    evidence = beside(world, bare(world), Promise(extensions=extensions))
    assert Attempt(evidence).run(world).sct_logs == (URL,)
    assert evidence.detached_sct is not None
    for changed in (b"", extensions[:-1], flipped(extensions)):
        refuse(world, evidence._replace(detached_sct=evidence.detached_sct._replace(extensions=changed)))


def test_without_any_promise_the_certificate_is_refused(world: World) -> None:
    refuse(world, bare(world))


def test_a_promise_about_another_certificate_is_refused(world: World) -> None:
    refuse(world, bare(world)._replace(detached_sct=beside(world, bare(world)).detached_sct))


def test_a_promise_about_the_precertificate_does_not_stand_beside_the_certificate(world: World) -> None:
    issued = world.certificate(with_sct=False)
    refuse(world, beside(world, world.blob(issued), Promise(entry=precertificate_entry(world, issued))))


def test_a_promise_of_an_unknown_log_does_not_count(world: World) -> None:
    refuse(world, beside(world, bare(world), Promise(ct=OTHER_LOG)))


def test_a_promise_from_before_the_log_was_trusted_does_not_count(world: World) -> None:
    refuse(world, beside(world, bare(world), Promise(at=EPOCH - timedelta(seconds=1))))


@pytest.mark.parametrize("field", ["log_id", "signature", "timestamp_ms", "hash_alg", "sig_alg"])
def test_every_field_of_a_promise_matters(world: World, field: str) -> None:
    evidence = beside(world, bare(world))
    sct = evidence.detached_sct
    assert sct is not None
    changed: dict[str, Sct] = {
        "log_id": sct._replace(log_id=flipped(sct.log_id)),
        "signature": sct._replace(signature=flipped(sct.signature, 100)),
        "timestamp_ms": sct._replace(timestamp_ms=sct.timestamp_ms + 1),
        "hash_alg": sct._replace(hash_alg="sha384"),
        "sig_alg": sct._replace(sig_alg="rsa"),
    }
    refuse(world, evidence._replace(detached_sct=changed[field]))


def test_the_waiver_is_the_only_way_around(world: World) -> None:
    evidence = bare(world)._replace(detached_sct=Sct(bytes(32), 0, b"", "sha256", "ecdsa", b"x"))
    refuse(world, evidence)
    assert Attempt(evidence, requirements=waiving(world, Waiver.SCT)).run(world).sct_logs == ()


def test_a_bad_promise_of_a_known_log_refuses_beside_a_good_one_inside(world: World) -> None:
    evidence = world.blob()
    assert Attempt(beside(world, evidence)).run(world).sct_logs == (URL, URL)
    wrong = Promise(entry=CertificateEntry(None, b"another certificate"))
    refuse(world, beside(world, evidence, wrong))
    assert Attempt(beside(world, evidence, Promise(ct=OTHER_LOG))).run(world).sct_logs == (URL,)


# ---- inside the certificate ----------------------------------------------------------------------------------------
def test_several_promises_count_each(world: World) -> None:
    evidence = world.blob(with_scts(world, [Promise(), Promise(ct=OTHER_LOG, extensions=b"index")]))
    assert Attempt(evidence, trust=two_logs(world)).run(world).sct_logs == (URL, OTHER_URL)
    found = Attempt(evidence).run(world)
    assert found.sct_logs == (URL,)
    assert [reason.endswith(" is not in the trust root") for reason in found.ignored] == [True]
    assert Attempt(evidence, requirements=waiving(world, Waiver.SCT)).run(world).ignored == ()  # none was looked at


@pytest.mark.parametrize("first", [True, False])
def test_a_bad_promise_of_a_known_log_refuses_whatever_stands_beside_it(world: World, first: bool) -> None:
    promises = [Promise(entry=CertificateEntry(None, b"x"), ct=OTHER_LOG), Promise()]
    evidence = world.blob(with_scts(world, promises if first else promises[::-1]))
    refuse(world, evidence, trust=two_logs(world))
    assert Attempt(evidence).run(world).sct_logs == (URL,)  # of an unknown log it counts for nothing


@pytest.mark.parametrize(
    ("hash_name", "ct"), [("sha256", OTHER_LOG), ("sha384", OTHER_LOG), ("sha512", OTHER_LOG), ("sha256", RSA_LOG)]
)
def test_the_promise_names_its_hash(world: World, hash_name: str, ct: object) -> None:
    promise = Promise(ct=ct, hash_name=hash_name)  # type: ignore[arg-type]
    trust = world.trust(ctlogs=(ct_log(world, ct),))  # type: ignore[arg-type]
    assert Attempt(world.blob(with_scts(world, [promise])), trust=trust).run(world).sct_logs == (OTHER_URL,)
    assert Attempt(beside(world, bare(world), promise), trust=trust).run(world).sct_logs == (OTHER_URL,)

"""What a revocation list names is refused, whoever signed it, and whatever else is in order."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.signers import generate_signer
from pycosign.errors import MalformedError, SigningError
from pycosign.verify.artifact import artifact_from_bytes, artifact_from_digest, image_artifact
from pycosign.verify.evidence import LEGACY_SIGNATURE, Evidence, SimpleSigningPayload
from pycosign.verify.needs import digests_needed
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.verify.revocation_list import parse_revocation_list
from pycosign.wire.intoto import STATEMENT_V1
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing
from pycosign.wire.trusted_root import Authority, ValidFor
from tests.verify.attempts import GOOD, Attempt
from tests.verify.factory import ARTIFACT, EPOCH, IDENTITY, ISSUER, NOW, SIGNED_AT, World
from tests.verify.issuing import make_authority

DAY = timedelta(days=1)
FRAME = {"schema": 1, "issued": format_rfc3339(NOW - DAY), "expires": format_rfc3339(NOW + DAY)}
SHA256, SHA512 = (f"{name}:{GOOD.digests[name].hex()}" for name in ("sha256", "sha512"))


def demand(world: World, requirements: Requirements | None = None, **members: Any) -> Requirements:
    document = parse_revocation_list(json.dumps(FRAME | members).encode())
    return (requirements or world.requirements())._replace(revocations=(document,))


def answer(world: World, evidence: Evidence, requirements: Requirements, **attempt: Any) -> str:
    try:
        Attempt(evidence, requirements=requirements, **attempt).run(world)
    except SigningError as exc:
        return exc.code if exc.code.startswith("revo") == (exc.check == "revocation") else f"{exc.code} in {exc.check}"
    return "verified"


def key_digest(spki_der: bytes) -> str:
    return f"sha256:{hashlib.sha256(spki_der).hexdigest()}"


# ---- what is revoked -----------------------------------------------------------------------------------------------
def test_a_list_that_names_nothing_of_it_changes_nothing(world: World) -> None:
    other = demand(
        world,
        artifacts=["sha256:" + "00" * 32],
        identities=[{"identity": "mallory@example.com"}, {"identity": IDENTITY, "issuer": "https://other.example"}],
        keys=["sha256:" + "00" * 32],
        certificates=[{"serial": "1"}],
    )
    assert answer(world, world.blob(), other) == "verified"


@pytest.mark.parametrize("entry", [SHA256, {"digest": SHA256, "reason": "has a backdoor"}, SHA512])
def test_a_revoked_artifact_is_refused_by_whichever_digest_the_list_names_it(world: World, entry: object) -> None:
    evidence, requirements = world.blob(), demand(world, artifacts=[entry])
    needed = digests_needed(evidence, requirements)
    artifact = artifact_from_bytes(ARTIFACT)
    artifact = artifact._replace(digests={name: artifact.digests[name] for name in needed})
    assert answer(world, evidence, requirements, artifact=artifact) == "revoked.artifact"


def test_a_file_that_cannot_be_looked_up_is_unavailable(world: World) -> None:
    """Of the file only the sha256 digest is known, and the list speaks of sha512."""
    requirements = demand(world, artifacts=["sha512:" + "00" * 64])
    artifact = artifact_from_digest(SHA256)
    assert answer(world, world.blob(), requirements, artifact=artifact) == "revocation.digest-unknown"


def test_an_attestation_that_is_compared_with_no_file_is_refused_for_any_of_its_subjects(world: World) -> None:
    subjects = [{"name": "a", "digest": {"sha256": "11" * 32}}, {"name": "b", "digest": {"sha256": SHA256[7:]}}]
    statement = {"_type": STATEMENT_V1, "subject": subjects, "predicateType": "https://example.com/p", "predicate": {}}
    evidence = world.attestation(json.dumps(statement).encode())
    waived = world.requirements()._replace(waivers=frozenset({Waiver.CLAIMS}))
    assert answer(world, evidence, waived, artifact=None) == "verified"
    revoked = demand(world, waived, artifacts=[SHA256])
    assert answer(world, evidence, revoked, artifact=None) == "revoked.artifact"


def test_a_revoked_image_is_refused_by_the_digest_of_the_registry(world: World) -> None:
    """And a list that names files by other digests does not make images unavailable."""
    digest = "sha256:" + "22" * 32
    subject = [{"digest": {"sha256": digest[7:]}}]
    predicate_type = "https://sigstore.dev/cosign/sign/v1"
    statement = {"_type": STATEMENT_V1, "subject": subject, "predicateType": predicate_type, "predicate": {}}
    evidence = world.attestation(json.dumps(statement).encode())
    image = image_artifact(digest)
    assert answer(world, evidence, demand(world, artifacts=[SHA512]), artifact=image) == "verified"
    assert answer(world, evidence, demand(world, artifacts=[SHA512, digest]), artifact=image) == "revoked.artifact"


@pytest.mark.parametrize(
    "entry",
    [
        {"identity": IDENTITY, "issuer": ISSUER},
        {"identity": IDENTITY},
        {"identity": IDENTITY.upper()},
        {"issuer": ISSUER, "reason": "the provider was broken into"},
        {"identity_regexp": "@example\\.com$", "issuer_regexp": "^https://"},
    ],
)
def test_a_revoked_identity_is_refused(world: World, entry: dict[str, str]) -> None:
    assert answer(world, world.blob(), demand(world, identities=[entry])) == "revoked.identity"


def test_a_revoked_authority_above_the_certificate_refuses_what_it_issued(world: World) -> None:
    """One that was broken into issues certificates for any name, below a root that is still good."""
    serial, root = f"{parse_certificate(world.ca.der).serial:x}", key_digest(world.root.signer.public_key.spki_der)
    for entry in ({"serial": serial}, {"serial": serial, "issuer": root}):
        assert answer(world, world.blob(), demand(world, certificates=[entry])) == "revoked.certificate"
    elsewhere = {"serial": serial, "issuer": key_digest(world.ca.signer.public_key.spki_der)}
    assert answer(world, world.blob(), demand(world, certificates=[elsewhere])) == "verified"
    for authority in (world.ca, world.root):
        digest = key_digest(authority.signer.public_key.spki_der)
        assert answer(world, world.blob(), demand(world, keys=[digest])) == "revoked.key"
        before, after = ({"digest": digest, "from": format_rfc3339(SIGNED_AT + delta)} for delta in (-DAY, DAY))
        assert answer(world, world.blob(), demand(world, keys=[before])) == "revoked.key"
        assert answer(world, world.blob(), demand(world, keys=[after])) == "verified"


@pytest.mark.parametrize("has_issuer", [False, True])
def test_a_revoked_certificate_is_refused_by_serial_number_and_issuing_key(world: World, has_issuer: bool) -> None:
    issued = world.certificate()
    entry = {"serial": f"{parse_certificate(issued.der).serial:x}"}
    if has_issuer:
        entry["issuer"] = key_digest(world.ca.signer.public_key.spki_der)
        assert answer(world, world.blob(), demand(world, certificates=[entry])) == "verified"  # of another number
    assert answer(world, world.blob(issued), demand(world, certificates=[entry])) == "revoked.certificate"
    elsewhere = entry | {"issuer": "sha256:" + "00" * 32}
    assert answer(world, world.blob(issued), demand(world, certificates=[elsewhere])) == "verified"


@pytest.mark.parametrize("is_bare", [False, True])
def test_a_revoked_key_is_refused_bare_and_in_a_certificate(world: World, is_bare: bool) -> None:
    signer = generate_signer("ecdsa-p256")
    evidence = world.blob(signer if is_bare else world.certificate(signer))
    who = Requirements(SignerKey(signer.public_key)) if is_bare else None
    requirements = demand(world, who, keys=[key_digest(signer.public_key.spki_der)])
    assert answer(world, evidence, requirements) == "revoked.key"


def test_a_revoked_authority_counts_at_whichever_moment_it_stands_above_the_certificate(world: World) -> None:
    """The issuing key is certified by one root until `change`, and by another from then on."""
    change, end = SIGNED_AT + timedelta(minutes=2), EPOCH + 3650 * DAY
    new_root = make_authority("new root", None, EPOCH, end)
    purpose = ExtendedKeyUsageOID.CODE_SIGNING
    old = make_authority("intermediate", world.root, EPOCH, change, purpose, signer=world.ca.signer)
    new = make_authority("intermediate", new_root, change, end, purpose, signer=world.ca.signer)
    trust = world.trust(
        certificate_authorities=(
            Authority("https://ca.example.com", "", "", (old.der, world.root.der), ValidFor(EPOCH, change)),
            Authority("https://ca.example.com", "", "", (new.der, new_root.der), ValidFor(change, None)),
        )
    )
    issued = world.certificate(ca=old)
    revoked: dict[str, dict[str, Any]] = {
        "revoked.key": {"keys": [key_digest(new_root.signer.public_key.spki_der)]},
        "revoked.certificate": {"certificates": [{"serial": f"{parse_certificate(new.der).serial:x}"}]},
    }
    before, after = change - timedelta(minutes=1), change + timedelta(minutes=1)
    for code, members in revoked.items():
        for stamped, logged, wanted in ((before, after, code), (after, before, code), (before, before, "verified")):
            evidence = world.blob(issued, stamped_at=stamped, logged_at=logged)
            assert answer(world, evidence, demand(world, **members), trust=trust) == wanted


@pytest.mark.parametrize("what", ["certificates", "identities", "nothing of it"])
def test_what_revokes_a_certificate_revokes_a_key_s_signature_that_comes_with_it(world: World, what: str) -> None:
    """As its validity does, though the key alone is demanded. Who issued it is not proved: any may be meant."""
    signer, digest = generate_signer("ecdsa-p256"), "sha256:" + "ab" * 32
    issued = world.certificate(signer)
    payload = format_simple_signing(SimpleSigning("example.com/app", digest))
    evidence = world.blob(issued, artifact=payload)._replace(
        source=LEGACY_SIGNATURE, content=SimpleSigningPayload(payload), proof_required=False
    )
    serial, elsewhere = parse_certificate(issued.der).serial, "sha256:" + "00" * 32
    members, code = {
        "certificates": ({"certificates": [{"serial": f"{serial:x}", "issuer": elsewhere}]}, "revoked.certificate"),
        "identities": ({"identities": [{"identity": IDENTITY, "issuer": ISSUER}]}, "revoked.identity"),
        "nothing of it": ({"certificates": [{"serial": f"{serial + 1:x}"}]}, "verified"),
    }[what]
    wanted = demand(world, Requirements(SignerKey(signer.public_key)), **members)
    assert answer(world, evidence, wanted, artifact=image_artifact(digest)) == code


# ---- from when on --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("since", "code"),
    [(SIGNED_AT + DAY, "verified"), (SIGNED_AT, "revoked.identity"), (SIGNED_AT - DAY, "revoked.identity")],
)
def test_what_was_signed_before_an_identity_was_lost_stays_good(world: World, since: datetime, code: str) -> None:
    entry = {"identity": IDENTITY, "from": format_rfc3339(since)}
    assert answer(world, world.blob(), demand(world, identities=[entry])) == code


def test_one_moment_after_the_loss_is_enough_to_refuse(world: World) -> None:
    """Another, earlier one may be what the thief chose to present."""
    evidence = world.blob(stamped_at=SIGNED_AT + timedelta(minutes=2))
    entry = {"identity": IDENTITY, "from": format_rfc3339(SIGNED_AT + timedelta(minutes=1))}
    assert answer(world, evidence, demand(world, identities=[entry])) == "revoked.identity"


def test_a_signature_without_a_proved_moment_cannot_show_that_it_is_older_than_the_loss(world: World) -> None:
    signer = generate_signer("ecdsa-p256")
    entry = {"digest": key_digest(signer.public_key.spki_der), "from": format_rfc3339(NOW + 365 * DAY)}
    for waivers in (frozenset[Waiver](), frozenset({Waiver.TLOG})):
        who = Requirements(SignerKey(signer.public_key), waivers)
        assert answer(world, world.blob(signer, log="v2"), demand(world, who, keys=[entry])) == "revoked.key"


# ---- the list's own time -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "code"),
    [
        (NOW + DAY, "verified"),
        (NOW + DAY + timedelta(seconds=1), "revocation.expired"),
        (NOW - DAY, "verified"),
        (NOW - DAY - timedelta(seconds=1), "revocation.not-yet-issued"),
    ],
)
def test_a_list_that_is_not_good_now_makes_the_answer_unavailable(world: World, now: datetime, code: str) -> None:
    assert answer(world, world.blob(), demand(world), now=now) == code


def test_what_an_expired_list_revokes_stays_revoked(world: World) -> None:
    requirements = demand(world, artifacts=[SHA256])
    assert answer(world, world.blob(), requirements, now=NOW + 2 * DAY) == "revoked.artifact"


def test_a_revocation_in_any_list_counts_even_beside_an_expired_one(world: World) -> None:
    old = parse_revocation_list(json.dumps(FRAME | {"expires": FRAME["issued"]}).encode())
    requirements = demand(world, identities=[{"identity": IDENTITY}])
    both = requirements._replace(revocations=(old, *requirements.revocations))
    assert answer(world, world.blob(), both) == "revoked.identity"


def test_evidence_that_is_not_good_is_refused_for_that_whatever_the_list_says(world: World) -> None:
    requirements = demand(world, artifacts=[SHA256])
    assert answer(world, world.blob()._replace(signature=b"x"), requirements, now=NOW + 9 * DAY) == "signature.invalid"


# ---- the document --------------------------------------------------------------------------------------------------
HEX = "ab" * 32
WRONG: dict[str, dict[str, Any]] = {
    "another schema": {"schema": 2},
    "no schema": {"schema": None},
    "an unknown member": {"artefacts": []},
    "expires before issued": {"expires": format_rfc3339(NOW - 2 * DAY)},
    "a time that is none": {"issued": "yesterday"},
    "an upper-case digest": {"artifacts": [f"sha256:{HEX.upper()}"]},
    "a digest without algorithm": {"artifacts": [HEX]},
    "a digest of another algorithm": {"artifacts": ["md5:" + "00" * 16]},
    "a digest twice": {"artifacts": [f"sha256:{HEX}", {"digest": f"sha256:{HEX}"}]},
    "a number for a digest": {"artifacts": [1]},
    "an unknown member of an artifact": {"artifacts": [{"digest": f"sha256:{HEX}", "from": FRAME["issued"]}]},
    "a reason that is no text": {"artifacts": [{"digest": f"sha256:{HEX}", "reason": ["x"]}]},
    "an object for a list": {"artifacts": {"sha256": HEX}},
    "a key by sha512": {"keys": ["sha512:" + "00" * 64]},
    "an identity without a name": {"identities": [{"reason": "x"}]},
    "an exact identity and a pattern": {"identities": [{"identity": "a", "identity_regexp": "a"}]},
    "a pattern that is none": {"identities": [{"identity_regexp": "("}]},
    "a pattern of Perl's": {"identities": [{"identity_regexp": "a(?=b)"}]},
    "a serial number with a prefix": {"certificates": [{"serial": "0x1"}]},
    "a serial number as a number": {"certificates": [{"serial": 1}]},
    "a serial number that is too long": {"certificates": [{"serial": "1" * 41}]},
    "an issuer by sha512": {"certificates": [{"serial": "1", "issuer": "sha512:" + "00" * 64}]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_list_that_does_not_say_exactly_what_it_means_is_malformed(name: str) -> None:
    with pytest.raises(MalformedError):
        parse_revocation_list(json.dumps(FRAME | WRONG[name]).encode())


def test_a_member_twice_is_malformed() -> None:
    with pytest.raises(MalformedError, match="twice"):
        parse_revocation_list(json.dumps(FRAME).encode()[:-1] + b', "keys": [], "keys": []}')


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
REASONS = st.fixed_dictionaries({}, optional={"reason": st.text(max_size=20)})
DIGESTS = st.sampled_from((("sha256", 32), ("sha384", 48), ("sha512", 64))).flatmap(
    lambda pair: st.binary(min_size=pair[1], max_size=pair[1]).map(lambda raw: f"{pair[0]}:{raw.hex()}")
)


@given(
    issued=MOMENTS,
    expires=MOMENTS,
    artifacts=st.lists(DIGESTS, max_size=5, unique=True),
    identities=st.lists(st.tuples(st.text(min_size=1), REASONS), max_size=5),
    serials=st.lists(st.integers(0, 2**160 - 1), max_size=5),
)
def test_a_list_is_read_as_it_was_written(
    issued: datetime,
    expires: datetime,
    artifacts: list[str],
    identities: list[tuple[str, dict[str, str]]],
    serials: list[int],
) -> None:
    issued, expires = sorted((issued, expires))
    document = {
        "schema": 1,
        "issued": format_rfc3339(issued),
        "expires": format_rfc3339(expires),
        "artifacts": artifacts,
        "identities": [{"identity": name, **more} for name, more in identities],
        "certificates": [{"serial": f"{serial:x}"} for serial in serials],
    }
    read = parse_revocation_list(json.dumps(document).encode())
    assert (read.issued, read.expires) == (issued, expires)
    assert [f"{name}:{raw.hex()}" for name, raw in read.artifacts] == artifacts
    assert [(entry.identity.exact, entry.revoked.reason) for entry in read.identities if entry.identity] == [
        (name, more.get("reason", "")) for name, more in identities
    ]
    assert [entry.serial for entry in read.certificates] == serials


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | DIGESTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("digest", "reason", "x")), inner),
    max_leaves=6,
)
MEMBERS = ("schema", "issued", "expires", "artifacts", "identities", "keys", "certificates", "x")


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=3), st.binary(max_size=30))
def test_whatever_is_in_it_a_list_is_read_or_malformed(members: dict[str, Any], noise: bytes) -> None:
    for data in (json.dumps({**FRAME, **members}).encode(), noise):
        try:
            parse_revocation_list(data)
        except MalformedError:
            continue

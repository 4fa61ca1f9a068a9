"""Sigstore bundles, versions 0.1 to 0.3."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import compact_json
from pycosign.errors import MalformedError
from pycosign.wire.bundle import (
    BUNDLE_V03_MEDIA_TYPE,
    Bundle,
    MessageSignature,
    format_bundle,
    looks_like_bundle,
    parse_bundle,
)
from pycosign.wire.dsse import Envelope
from pycosign.wire.log_entry import entry_to_dict
from tests.recordings import names, recorded_file
from tests.wire.strategies import bundles, json_bytes

RECORDED = names("bundle-cosign3-*.json")
CERTIFICATE = {"certificate": {"rawBytes": "QUI="}}
MESSAGE = {"messageDigest": {"algorithm": "SHA2_256", "digest": encode_b64(bytes(32))}, "signature": "QUI="}


@given(bundles())
def test_what_we_write_we_read_back(bundle: Bundle) -> None:
    assert parse_bundle(format_bundle(bundle)) == bundle


@given(st.one_of(json_bytes, st.binary()))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_bundle(data)


@pytest.mark.parametrize("name", RECORDED)
@given(data=st.data())
def test_no_change_of_one_byte_lets_another_error_escape(name: str, data: st.DataObject) -> None:
    raw = bytearray(recorded_file(f"{name}.json"))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        bundle = parse_bundle(bytes(raw))
    except MalformedError:
        return
    assert parse_bundle(format_bundle(bundle)) == bundle


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_bundle_is_read_and_keeps_its_value_when_written_again(name: str) -> None:
    raw = recorded_file(f"{name}.json")
    bundle = parse_bundle(raw)
    assert parse_bundle(format_bundle(bundle)) == bundle
    assert (bundle.version, len(bundle.chain_der), bundle.key_hint) == ("0.3", 1, None)
    assert [entry.version for entry in bundle.entries] == ["0.0.2" if "rekor-v2" in name else "0.0.1"]
    assert len(bundle.timestamps) == (1 if "rekor-v2" in name else 0)
    assert isinstance(bundle.content, Envelope if "attest" in name else MessageSignature)


def test_a_bundle_of_cosign_3_is_written_again_byte_for_byte() -> None:
    """The one among the recordings that has no zero for protobuf to leave out."""
    raw = recorded_file("bundle-cosign3-attest-blob-rekor-v1.json")
    assert format_bundle(parse_bundle(raw)) == raw


def make(version: str = "0.3", **change: Any) -> bytes:
    media_type = f"application/vnd.dev.sigstore.bundle+json;version={version}"
    bundle = {"mediaType": media_type, "verificationMaterial": CERTIFICATE, "messageSignature": MESSAGE}
    return compact_json({name: value for name, value in (bundle | change).items() if value is not ...})


def entry(*, promise: bool = True, proof: bool = True, checkpoint: bool = True) -> dict[str, Any]:
    recorded = parse_bundle(recorded_file("bundle-cosign3-blob-rekor-v1.json")).entries[0]
    written: dict[str, Any] = entry_to_dict(recorded)
    if not checkpoint:
        del written["inclusionProof"]["checkpoint"]
    if not proof:
        del written["inclusionProof"]
    if not promise:
        written["inclusionPromise"] = None
    return written


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_older_versions_hold_a_chain(version: str) -> None:
    material = {"x509CertificateChain": {"certificates": [{"rawBytes": "QUI="}, {"rawBytes": "QUM="}]}}
    bundle = parse_bundle(make(version, verificationMaterial=material))
    assert (bundle.version, bundle.chain_der) == (version, (b"AB", b"AC"))
    assert parse_bundle(format_bundle(bundle)).chain_der == (b"AB",)


def test_version_0_3_holds_a_chain_only_if_the_caller_allows_it() -> None:
    raw = make(verificationMaterial={"x509CertificateChain": {"certificates": [{"rawBytes": "QUI="}]}})
    with pytest.raises(MalformedError, match="x509CertificateChain is not allowed"):
        parse_bundle(raw)
    assert parse_bundle(raw, allow_chain=True).chain_der == (b"AB",)


@pytest.mark.parametrize("hint", ["", "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA", "not base64 at all"])
def test_the_hint_of_a_key_is_any_text(hint: str) -> None:
    """npm writes the first, Cosign base64."""
    bundle = parse_bundle(make(verificationMaterial={"publicKey": {"hint": hint}}))
    assert (bundle.key_hint, bundle.chain_der) == (hint, ())
    assert parse_bundle(make(verificationMaterial={"publicKey": {}})).key_hint == ""


def test_a_signature_of_the_message_itself_has_no_digest() -> None:
    """Cosign 3.1.2 writes `"messageDigest":{}` for Ed25519 without a log."""
    digests: tuple[dict[str, str] | None, ...] = ({}, None)
    for digest in digests:
        bundle = parse_bundle(make(messageSignature={"messageDigest": digest, "signature": "QUI="}))
        assert bundle.content == MessageSignature(None, None, b"AB")


def test_snake_case_and_the_explicit_nulls_and_zeros_of_other_writers_are_read() -> None:
    raw = make(
        verificationMaterial={
            "public_key": {"hint": "x"},
            "certificate": None,
            "tlog_entries": [],
            "timestamp_verification_data": None,
        },
        messageSignature=...,
        message_signature={"message_digest": MESSAGE["messageDigest"], "signature": "QUI="},
        dsseEnvelope=None,
    )
    assert parse_bundle(raw).key_hint == "x"


@pytest.mark.parametrize(
    ("version", "shape", "missing"),
    [
        ("0.1", {"proof": False}, None),
        ("0.1", {"checkpoint": False}, None),
        ("0.1", {"promise": False}, "inclusionPromise is missing"),
        ("0.2", {"promise": False}, None),
        ("0.2", {"proof": False}, "inclusionProof is missing"),
        ("0.2", {"checkpoint": False}, "inclusionProof.checkpoint is missing"),
        ("0.3", {"promise": False}, None),
        ("0.3", {"proof": False}, "inclusionProof is missing"),
        ("0.3", {"checkpoint": False}, "inclusionProof.checkpoint is missing"),
    ],
)
def test_each_version_demands_its_proof_of_logging(version: str, shape: dict[str, bool], missing: str | None) -> None:
    material: dict[str, Any] = {**CERTIFICATE, "tlogEntries": [entry(**shape)]}
    if missing is None:
        assert len(parse_bundle(make(version, verificationMaterial=material)).entries) == 1
        return
    with pytest.raises(MalformedError) as caught:
        parse_bundle(make(version, verificationMaterial=material))
    assert str(caught.value).startswith(f"bundle.verificationMaterial.tlogEntries[0].{missing}")


STAMP = {"signedTimestamp": "QUI="}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"mediaType": "application/vnd.dev.sigstore.bundle.v0.4+json"}, ".mediaType is not that of a known bundle"),
        ({"mediaType": ...}, ".mediaType is missing"),
        ({"verificationMaterial": ...}, ".verificationMaterial is missing"),
        ({"verificationMaterial": {}}, ".verificationMaterial must have exactly one of certificate, publicKey"),
        ({"verificationMaterial": {**CERTIFICATE, "publicKey": {}}}, ".verificationMaterial must have exactly one of"),
        (
            {"verificationMaterial": {"certificate": {"rawBytes": ""}}},
            ".verificationMaterial.certificate.rawBytes is 0 bytes long",
        ),
        (
            {"verificationMaterial": {**CERTIFICATE, "other": 1}},
            ".verificationMaterial has an unknown member 'other'",
        ),
        (
            {"verificationMaterial": {**CERTIFICATE, "tlogEntries": [{}] * (limits.LOG_ENTRIES + 1)}},
            ".verificationMaterial.tlogEntries has 33 elements; 32 are allowed",
        ),
        (
            {
                "verificationMaterial": {
                    **CERTIFICATE,
                    "timestampVerificationData": {"rfc3161Timestamps": [STAMP] * (limits.TIMESTAMPS + 1)},
                }
            },
            ".verificationMaterial.timestampVerificationData.rfc3161Timestamps has 33 elements",
        ),
        (
            {
                "verificationMaterial": {
                    **CERTIFICATE,
                    "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": ""}]},
                }
            },
            ".verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp is 0 bytes long",
        ),
        ({"messageSignature": ...}, " must have exactly one of messageSignature, dsseEnvelope; it has 0"),
        ({"dsseEnvelope": {}}, " must have exactly one of messageSignature, dsseEnvelope; it has 2"),
        ({"messageSignature": {"messageDigest": {}}}, ".messageSignature.signature is missing"),
        (
            {"messageSignature": {"messageDigest": {"algorithm": "SHA2_256"}, "signature": "QUI="}},
            ".messageSignature.messageDigest.digest is not 32 bytes long",
        ),
        (
            {"messageSignature": {"messageDigest": {"digest": "QUI="}, "signature": "QUI="}},
            ".messageSignature.messageDigest.algorithm is not one of",
        ),
        (
            {"messageSignature": {"messageDigest": {"algorithm": "SHA1", "digest": "QUI="}, "signature": "QUI="}},
            ".messageSignature.messageDigest.algorithm is not one of",
        ),
        ({"other": 1}, " has an unknown member 'other'"),
    ],
)
def test_other_forms_are_refused_by_name(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_bundle(make(**change))
    assert str(caught.value).startswith(f"bundle{problem}")


def test_too_many_certificates_and_an_empty_chain_are_refused() -> None:
    for count, problem in ((0, "is empty"), (limits.CERTIFICATES + 1, "has 11 elements; 10 are allowed")):
        chain = {"x509CertificateChain": {"certificates": [{"rawBytes": "QUI="}] * count}}
        with pytest.raises(MalformedError, match=problem):
            parse_bundle(make("0.2", verificationMaterial=chain))


def test_a_bundle_of_countless_objects_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedError, match="objects and arrays"):
        parse_bundle(b'{"x":[%b[]]}' % (b"[]," * limits.BUNDLE_CONTAINERS))


def test_a_member_given_twice_is_refused_wherever_it_stands() -> None:
    raw = recorded_file("bundle-cosign3-blob-rekor-v2.json")
    with pytest.raises(MalformedError, match="has the member 'signature' twice"):
        parse_bundle(raw.replace(b'"signature":', b'"signature":"QUI=","signature":', 1))


def test_bundles_are_told_from_other_json() -> None:
    assert looks_like_bundle(json.loads(recorded_file("bundle-cosign3-blob-rekor-v2.json")))
    assert looks_like_bundle({"media_type": BUNDLE_V03_MEDIA_TYPE})
    assert looks_like_bundle({"mediaType": "application/vnd.dev.sigstore.bundle.v9+json"})
    assert not looks_like_bundle(json.loads(recorded_file("bundle-cosign2-blob-legacy.json")))
    assert not looks_like_bundle([])
    assert not looks_like_bundle({"mediaType": 1})

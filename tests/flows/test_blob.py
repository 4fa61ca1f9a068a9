"""Sign and verify files with every kind of key, log and format, against a whole Sigstore."""

import base64
import io
import json
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from pycosign.codec.pem import format_pem
from pycosign.errors import (
    ArtifactDigestMismatchError,
    CertificateSubstitutionError,
    IdentityMismatchError,
    InvalidSignatureError,
    IssuerMismatchError,
    KeyMismatchError,
    MissingEntryError,
    RefusedError,
    ServiceRejectedError,
    UnavailableError,
    UsageError,
)
from pycosign.flows.blob_source import blob_from_bytes, blob_from_digest, blob_from_path, blob_from_stream
from pycosign.flows.sign_blob import SignedBlob, sign_blob
from pycosign.flows.signing import KeylessSigning, KeySigning
from pycosign.flows.verify_blob import (
    LegacyPieces,
    legacy_evidence,
    read_bundle_evidence,
    read_certificate,
    read_signature,
    verify_blob,
)
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verified
from pycosign.wire.bundle import parse_bundle
from tests.flows.tools import EMAIL, NO_SERVICES, Workshop, key_requirements, new_key

ARTIFACT = b"hello\n"
KINDS = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048"]


def check(workshop: Workshop, signed: SignedBlob, requirements: Requirements, artifact: bytes = ARTIFACT) -> Verified:
    return verify_blob(
        blob_from_bytes(artifact, "artifact"),
        evidence=read_bundle_evidence(signed.bundle),
        trust=workshop.trust,
        requirements=requirements,
        now=workshop.now,
    )


@pytest.mark.parametrize("log", ["rekor-v1", "rekor-v2"])
def test_keyless_signature_verifies_with_identity_time_and_log(workshop: Workshop, log: str) -> None:
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.services(log)))
    verified = check(workshop, signed, workshop.identity())
    assert (verified.identity, verified.issuer) == (EMAIL, workshop.sandbox.issuer)
    assert verified.times
    assert len(verified.log_entries) == 1
    assert parse_bundle(signed.bundle).version == "0.3"


@pytest.mark.parametrize("log", ["rekor-v1", "rekor-v2"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_into_every_log(workshop: Workshop, kind: str, log: str) -> None:
    signer = new_key(kind)
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, workshop.services(log)))
    verified = check(workshop, signed, key_requirements(signer.public_key))
    assert verified.key == signer.public_key
    assert verified.certificate is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_alone_needs_neither_network_nor_trust(workshop: Workshop, kind: str) -> None:
    signer = new_key(kind)
    context = workshop.keyed(signer, NO_SERVICES, http=None, trust=None)
    signed = sign_blob(io.BytesIO(ARTIFACT), context=context)
    verify_blob(
        blob_from_bytes(ARTIFACT, "artifact"),
        evidence=read_bundle_evidence(signed.bundle),
        trust=None,
        requirements=key_requirements(signer.public_key, Waiver.TLOG),
        now=workshop.now,
    )


@pytest.mark.parametrize("log", ["rekor-v1", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_legacy_bundle_of_a_key_leaves_the_key_out_and_verifies(workshop: Workshop, kind: str, log: str) -> None:
    signer = new_key(kind)
    services = workshop.services(log)._replace(timestamp_urls=())
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, services), legacy=True)
    assert "cert" not in json.loads(signed.bundle)
    waivers = () if log == "rekor-v1" else (Waiver.TLOG,)
    verified = verify_blob(
        blob_from_bytes(ARTIFACT, "artifact"),
        evidence=legacy_evidence(LegacyPieces(), bundle=signed.bundle),
        trust=workshop.trust,
        requirements=key_requirements(signer.public_key, *waivers),
        now=workshop.now,
    )
    assert verified.key == signer.public_key


def test_legacy_bundle_of_a_certificate_verifies_as_file_and_from_loose_pieces(workshop: Workshop) -> None:
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v1), legacy=True)
    assert signed.certificate_pem is not None
    evidence = legacy_evidence(LegacyPieces(certificate=signed.certificate_pem), bundle=signed.bundle)
    verified = verify_blob(
        blob_from_bytes(ARTIFACT, "artifact"),
        evidence=evidence,
        trust=workshop.trust,
        requirements=workshop.identity(),
        now=workshop.now,
    )
    assert verified.identity == EMAIL


def test_loose_files_are_read_as_the_command_base64_writes_them() -> None:
    """In lines of 76 characters; and a certificate with its chain behind it. Cosign reads both."""
    raw = bytes(range(72))
    broken = base64.encodebytes(raw)
    for written in (base64.b64encode(raw), broken, broken.replace(b"\n", b"\r\n")):
        assert read_signature(written) == raw
    for other in (base64.urlsafe_b64encode(b"\xff" * 72), b"QUI=\tQUI="):
        assert read_signature(other) == other
    leaf, authority = b"\x30\x01\x00", b"\x30\x00"
    pem = format_pem("CERTIFICATE", leaf) + format_pem("CERTIFICATE", authority)
    for file in (pem, base64.encodebytes(pem)):
        assert read_certificate(file) == leaf
        assert legacy_evidence(LegacyPieces(signature=b"sig", certificate=file)).chain_der == (leaf,)


def test_a_key_in_a_legacy_bundle_never_replaces_the_demanded_one(workshop: Workshop) -> None:
    from pycosign.codec.b64 import encode_b64

    signer, demanded = new_key(), new_key()
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, NO_SERVICES), legacy=True)
    forged = json.loads(signed.bundle) | {"cert": encode_b64(signer.public_key.pem())}
    with pytest.raises(CertificateSubstitutionError):
        verify_blob(
            blob_from_bytes(ARTIFACT, "artifact"),
            evidence=legacy_evidence(LegacyPieces(), bundle=json.dumps(forged).encode()),
            trust=None,
            requirements=key_requirements(demanded.public_key, Waiver.TLOG),
            now=workshop.now,
        )


def test_edited_artifact_is_refused(workshop: Workshop) -> None:
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2))
    with pytest.raises(ArtifactDigestMismatchError):
        check(workshop, signed, workshop.identity(), b"other\n")


def test_edited_signature_is_refused(workshop: Workshop) -> None:
    from pycosign.codec.b64 import decode_b64, encode_b64

    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2))
    bundle = json.loads(signed.bundle)
    raw = bytearray(decode_b64(bundle["messageSignature"]["signature"], what="signature"))
    raw[-1] ^= 1
    bundle["messageSignature"]["signature"] = encode_b64(bytes(raw))
    with pytest.raises(InvalidSignatureError):
        check(workshop, signed._replace(bundle=json.dumps(bundle).encode()), workshop.identity())


def test_wrong_identity_issuer_and_key_are_refused_each_with_its_code(workshop: Workshop) -> None:
    keyless = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2))
    with pytest.raises(IdentityMismatchError):
        check(workshop, keyless, workshop.identity(email="other@example.com"))
    with pytest.raises(IssuerMismatchError):
        check(workshop, keyless, workshop.identity(issuer="https://elsewhere.example"))
    with pytest.raises(KeyMismatchError):
        check(workshop, keyless, key_requirements(new_key().public_key))
    keyed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(new_key(), workshop.v2))
    with pytest.raises((KeyMismatchError, InvalidSignatureError)):
        check(workshop, keyed, key_requirements(new_key().public_key))


def test_missing_log_entry_is_refused(workshop: Workshop) -> None:
    signer = new_key()
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, NO_SERVICES))
    with pytest.raises(MissingEntryError):
        check(workshop, signed, key_requirements(signer.public_key))


def test_the_log_entry_of_another_signature_is_refused(workshop: Workshop) -> None:
    signer = new_key()
    one, two = (
        json.loads(sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, workshop.v1)).bundle)
        for _ in range(2)
    )
    one["verificationMaterial"]["tlogEntries"] = two["verificationMaterial"]["tlogEntries"]
    with pytest.raises(RefusedError) as caught:
        verify_blob(
            blob_from_bytes(ARTIFACT, "artifact"),
            evidence=read_bundle_evidence(json.dumps(one).encode()),
            trust=workshop.trust,
            requirements=key_requirements(signer.public_key),
            now=workshop.now,
        )
    assert caught.value.code == "tlog.entry-mismatch"


def test_a_file_is_verified_by_path_stream_and_digest(workshop: Workshop, tmp_path: Path) -> None:
    import hashlib

    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2))
    path = tmp_path / "artifact"
    path.write_bytes(ARTIFACT)
    sources = (
        blob_from_path(str(path)),
        blob_from_stream(io.BytesIO(ARTIFACT), "standard input"),
        blob_from_digest("sha256:" + hashlib.sha256(ARTIFACT).hexdigest()),
    )
    for source in sources:
        verify_blob(
            source,
            evidence=read_bundle_evidence(signed.bundle),
            trust=workshop.trust,
            requirements=workshop.identity(),
            now=workshop.now,
        )


def test_memory_does_not_grow_with_the_file(workshop: Workshop, tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.truncate(200 << 20)
    signer = new_key()
    tracemalloc.start()
    try:
        with open(path, "rb") as file:
            signed = sign_blob(file, context=workshop.keyed(signer, NO_SERVICES))
        verify_blob(
            blob_from_path(str(path)),
            evidence=read_bundle_evidence(signed.bundle),
            trust=None,
            requirements=key_requirements(signer.public_key, Waiver.TLOG),
            now=workshop.now,
        )
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
        os.unlink(path)


def test_keyless_into_rekor_v2_without_a_timestamp_is_refused_before_anything_is_sent(workshop: Workshop) -> None:
    with pytest.raises(UsageError, match="timestamp authority"):
        sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2._replace(timestamp_urls=())))


def test_a_certificate_of_another_key_is_refused(workshop: Workshop) -> None:
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyless(workshop.v2))
    chain = parse_bundle(signed.bundle).chain_der
    context = workshop.keyed(new_key(), NO_SERVICES)._replace(means=KeySigning(new_key(), chain))
    with pytest.raises(UsageError, match="does not match"):
        sign_blob(io.BytesIO(ARTIFACT), context=context)


def test_our_own_result_is_checked_before_it_leaves(workshop: Workshop) -> None:
    from pycosign.verify.trust import TrustRoot

    context = workshop.keyless(workshop.v2, trust=TrustRoot((), (), (), ()))
    with pytest.raises(RefusedError):
        sign_blob(io.BytesIO(ARTIFACT), context=context)


def test_a_token_of_a_stranger_is_refused_by_the_authority(workshop: Workshop) -> None:
    context = workshop.keyless(workshop.v2)
    assert isinstance(context.means, KeylessSigning)
    token = context.means.token
    forged = token._replace(text=token.text[:-8] + "AAAAAAAA")
    with pytest.raises(ServiceRejectedError):
        sign_blob(io.BytesIO(ARTIFACT), context=context._replace(means=KeylessSigning(forged)))


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519"])
def test_a_pipe_that_does_not_wait_is_not_at_its_end(workshop: Workshop, kind: str) -> None:
    """Nothing more has come yet: what has is neither the file that was signed nor one to sign."""
    signer = new_key(kind)
    context = workshop.keyed(signer, NO_SERVICES, http=None, trust=None)
    signed = sign_blob(io.BytesIO(ARTIFACT), context=context)
    evidence, demand = read_bundle_evidence(signed.bundle), key_requirements(signer.public_key, Waiver.TLOG)

    def verified(stream: BinaryIO) -> Verified:
        source = blob_from_stream(stream, "standard input")
        return verify_blob(source, evidence=evidence, trust=None, requirements=demand, now=workshop.now)

    def signed_again(stream: BinaryIO) -> SignedBlob:
        return sign_blob(stream, context=context)

    def signed_as_of_old(stream: BinaryIO) -> SignedBlob:
        return sign_blob(stream, context=context, legacy=True)

    for use in (verified, signed_again, signed_as_of_old):
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with open(writing, "wb", buffering=0) as sink, open(reading, "rb") as stream:
            sink.write(ARTIFACT)
            with pytest.raises(UnavailableError, match="does not wait") as refusal:
                use(stream)
            assert refusal.value.code == "artifact.unreadable"

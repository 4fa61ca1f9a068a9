"""What is packed is what Cosign packs: hints, requests, annotations, legacy bundles."""

import hashlib
import json

import pytest

from pycosign.codec.b64 import decode_b64
from pycosign.codec.pem import parse_pem
from pycosign.crypto.keys import load_public_key
from pycosign.crypto.signers import generate_signer
from pycosign.errors import UsageError
from pycosign.sign.assemble import Testimony as Said  # pytest collects what starts with "Test"
from pycosign.sign.assemble import (
    assemble_bundle,
    assemble_legacy_bundle,
    key_hint,
    layer_annotations,
)
from pycosign.sign.content import sign_digest, sign_legacy_payload, sign_statement
from pycosign.sign.log_request import log_request, v2_key_details
from pycosign.sign.services import SigningServices, services_from_urls
from pycosign.wire.bundle import MessageSignature, format_bundle, parse_bundle
from pycosign.wire.dsse import pae
from pycosign.wire.legacy import (
    BUNDLE_ANNOTATION,
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    SIGNATURE_ANNOTATION,
    TIMESTAMP_ANNOTATION,
    parse_legacy_bundle,
)
from pycosign.wire.log_entry import parse_v1_response
from tests.recordings import exchange, recorded_file

KINDS = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048"]


def recorded_testimony() -> tuple[MessageSignature, Said]:
    bundle = parse_bundle(recorded_file("bundle-cosign3-blob-rekor-v2.json"))
    assert isinstance(bundle.content, MessageSignature)
    from pycosign.crypto.certificate import parse_certificate

    key = parse_certificate(bundle.chain_der[0]).public_key
    return bundle.content, Said(key, bundle.chain_der, bundle.entries, bundle.timestamps)


def test_a_bundle_of_cosign_is_packed_again_as_the_same_values() -> None:
    content, testimony = recorded_testimony()
    packed = format_bundle(assemble_bundle(content, testimony))
    assert parse_bundle(packed) == parse_bundle(recorded_file("bundle-cosign3-blob-rekor-v2.json"))


def test_the_v2_request_is_what_cosign_posted() -> None:
    for name in ("hashedrekord-cosign3", "dsse-cosign3"):
        request, _ = exchange(f"rekor-v2-post-{name}")
        recorded = json.loads(request.body)
        kind = "blob" if name.startswith("hashedrekord") else "attest-blob"
        bundle = parse_bundle(recorded_file(f"bundle-cosign3-{kind}-rekor-v2.json"))
        _, testimony = recorded_testimony()
        made = json.loads(log_request(bundle.content, testimony._replace(chain_der=bundle.chain_der), api_version=2))
        assert made == recorded


@pytest.mark.parametrize(("kind", "name"), [("blob", "hashedrekord-cosign3"), ("attest-blob", "dsse-cosign3")])
def test_the_v1_request_is_what_cosign_posted(kind: str, name: str) -> None:
    request, _ = exchange(f"rekor-v1-post-{name}")
    bundle = parse_bundle(recorded_file(f"bundle-cosign3-{kind}-rekor-v1.json"))
    _, testimony = recorded_testimony()
    made = json.loads(log_request(bundle.content, testimony._replace(chain_der=bundle.chain_der), api_version=1))
    recorded = json.loads(request.body)
    recorded["spec"].pop("signatures", None)  # Go writes an empty member as null
    assert made == recorded


def test_the_legacy_bundle_is_cosigns() -> None:
    recorded = parse_legacy_bundle(recorded_file("bundle-cosign2-blob-legacy.json"))
    assert recorded.cert is not None
    (block,) = parse_pem(recorded.cert, what="certificate")
    assert recorded.entry is not None
    _, testimony = recorded_testimony()
    made = testimony._replace(chain_der=(block.der,), entries=(recorded.entry,))
    assert assemble_legacy_bundle(recorded.signature, made) == recorded


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_digest_statement_and_payload(kind: str) -> None:
    signer = generate_signer(kind)
    key = signer.public_key
    content = sign_digest(signer, {key.default_hash: hashlib.new(key.default_hash, b"x").digest()})
    assert content.digest is not None
    key.verify_digest(content.signature, content.digest, key.default_hash)
    own, ecdsa_v1 = key.default_hash, "sha256"
    pure = kind == "ed25519"
    for version, hash_name in ((None, None if pure else own), (1, None if pure else ecdsa_v1), (2, own)):
        envelope = sign_statement(signer, b"{}", log_version=version)
        key.verify(envelope.signatures[0].signature, pae(envelope.payload_type, b"{}"), hash_name=hash_name)
    legacy = sign_legacy_payload(signer, b"payload", logged=False)
    key.verify(legacy.signature, b"payload", hash_name=None if pure else "sha256")
    logged = sign_legacy_payload(signer, b"payload", logged=True)
    key.verify(logged.signature, b"payload", hash_name=own)
    assert v2_key_details(key).startswith("PKIX_")


def test_the_hint_is_the_digest_of_the_key() -> None:
    request, _ = exchange("rekor-v1-post-hashedrekord-key")
    pem = decode_b64(json.loads(request.body)["spec"]["signature"]["publicKey"]["content"], what="key")
    key = load_public_key(pem)
    assert decode_b64(key_hint(key), what="hint") == hashlib.sha256(key.spki_der).digest()


def test_layer_annotations_are_cosigns() -> None:
    content, testimony = recorded_testimony()
    bare = layer_annotations(content.signature, Said(testimony.public_key))
    assert list(bare) == [SIGNATURE_ANNOTATION]
    entry = parse_v1_response(exchange("rekor-v1-post-hashedrekord-cosign3")[1].body)[1]
    full = layer_annotations(content.signature, testimony._replace(entries=(entry,)))
    assert set(full) == {
        SIGNATURE_ANNOTATION,
        CERTIFICATE_ANNOTATION,
        CHAIN_ANNOTATION,
        BUNDLE_ANNOTATION,
        TIMESTAMP_ANNOTATION,
    }
    assert full[CHAIN_ANNOTATION] == ""
    assert set(json.loads(full[BUNDLE_ANNOTATION])) == {"SignedEntryTimestamp", "Payload"}


def test_a_signature_without_a_digest_cannot_be_logged() -> None:
    content, testimony = recorded_testimony()
    for version in (1, 2):
        with pytest.raises(UsageError):
            log_request(content._replace(digest_algorithm=None, digest=None), testimony, api_version=version)


def test_flags_name_rekor_v1_only() -> None:
    services = services_from_urls(fulcio_url="http://f", rekor_url="http://r", oidc_issuer=None, timestamp_url="")
    assert [(log.url, log.api_version) for log in services.logs] == [("http://r", 1)]
    assert services.timestamp_urls == ()
    assert not services.is_offline
    assert SigningServices().is_offline

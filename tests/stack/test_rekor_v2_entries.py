"""What Rekor v2 admits, and what it makes of it."""

import asyncio
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.stack.tlog.engine import Pace
from pycosign.wire.dsse import pae
from pycosign.wire.rekor_body import parse_rekor_body
from pycosign.wire.rekor_request import hashedrekord_v2_request

from .logs import NOW, post, rekor_v2, run
from .test_rekor_v2 import ENTRIES, b64, checked, request

# ---- what is admitted ----------------------------------------------------------------------------------------------
KEYS = (
    ("ecdsa-p256", "PKIX_ECDSA_P256_SHA_256", "sha256"),
    ("ecdsa-p384", "PKIX_ECDSA_P384_SHA_384", "sha384"),
    ("ecdsa-p521", "PKIX_ECDSA_P521_SHA_512", "sha512"),
    ("rsa-2048", "PKIX_RSA_PKCS1V15_2048_SHA256", "sha256"),
    ("ed25519", "PKIX_ED25519_PH", "sha512"),
)


@pytest.mark.parametrize(("algorithm", "details", "hash_name"), KEYS)
def test_a_hashedrekord_is_taken_from_every_kind_of_key(algorithm: str, details: str, hash_name: str) -> None:
    async def work() -> None:
        rekor, signer = rekor_v2(), generate_signer(algorithm)
        digest = hashlib.new(hash_name, b"artifact").digest()
        entry = checked(rekor, await post(rekor.app, ENTRIES, request(signer, digest, details, hash_name)))
        body = parse_rekor_body(entry.body)
        assert (body.kind, body.version, body.digest_algorithm, body.digest) == (
            "hashedrekord",
            "0.0.2",
            hash_name,
            digest,
        )
        assert body.verifiers == (signer.public_key.spki_der,)

    run(work)


def test_snake_case_names_are_taken() -> None:
    async def work() -> None:
        rekor = rekor_v2()
        inner = json.loads(request(generate_signer(), bytes(32)))["hashedRekordRequestV002"]
        verifier = inner["signature"]["verifier"]
        inner["signature"]["verifier"] = {
            "key_details": verifier["keyDetails"],
            "public_key": {"raw_bytes": verifier["publicKey"]["rawBytes"]},
        }
        checked(rekor, await post(rekor.app, ENTRIES, {"hashed_rekord_request_v002": inner}))

    run(work)


def dsse_request(*signers: LocalSigner, payload: bytes = b"payload") -> dict[str, Any]:
    message = pae("text/plain", payload)
    return {
        "dsseRequestV002": {
            "envelope": {
                "payload": b64(payload),
                "payloadType": "text/plain",
                "signatures": [{"sig": b64(signer.sign(message)), "keyid": "x"} for signer in signers],
            },
            "verifiers": [
                {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": {"rawBytes": b64(signer.public_key.spki_der)}}
                for signer in signers
            ],
        }
    }


def test_an_envelope_of_older_clients_is_taken_with_its_signatures_sorted() -> None:
    async def work() -> None:
        rekor = rekor_v2()
        entry = checked(rekor, await post(rekor.app, ENTRIES, dsse_request(*(generate_signer() for _ in range(4)))))
        body = parse_rekor_body(entry.body)
        assert (body.kind, body.version, body.digest) == ("dsse", "0.0.2", hashlib.sha256(b"payload").digest())
        assert list(body.signatures) == sorted(body.signatures)
        assert (entry.kind, entry.version) == ("dsse", "0.0.2")

    run(work)


def test_every_signature_of_an_envelope_needs_its_verifier() -> None:
    async def work() -> None:
        rekor, signers = rekor_v2(), [generate_signer() for _ in range(2)]
        short, foreign = dsse_request(*signers), dsse_request(*signers)
        short["dsseRequestV002"]["verifiers"].pop()
        other = dsse_request(generate_signer())
        foreign["dsseRequestV002"]["verifiers"] += other["dsseRequestV002"]["verifiers"]
        for wrong in (short, foreign):
            answer = await post(rekor.app, ENTRIES, wrong)
            assert (answer.status, answer.json()["code"], rekor.log.size) == (400, 3, 0)

    run(work)


def changed(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A sound request with one member replaced."""
    whole: dict[str, Any] = json.loads(request(generate_signer(), bytes(32)))
    place = whole["hashedRekordRequestV002"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return whole


WRONG = [
    (("digest",), b64(bytes(31))),
    (("digest",), b64(b"1" * 32)),
    (("digest",), None),
    (("extra",), 1),
    (("signature",), None),
    (("signature", "content"), ""),
    (("signature", "verifier", "keyDetails"), "PKIX_ECDSA_P384_SHA_384"),
    (("signature", "verifier", "keyDetails"), "PKIX_ED25519"),
    (("signature", "verifier", "keyDetails"), "PKIX_ECDSA_P384_SHA_256"),
    (("signature", "verifier", "keyDetails"), ""),
    (("signature", "verifier", "publicKey"), None),
    (("signature", "verifier", "publicKey", "rawBytes"), "AAAA"),
    (("signature", "verifier", "x509Certificate"), {"rawBytes": "AAAA"}),
    (("signature", "verifier", "more"), {}),
]


@pytest.mark.parametrize(("path", "value"), WRONG, ids=lambda value: str(value)[:40])
def test_a_request_with_a_member_changed_is_refused_and_not_logged(path: tuple[str, ...], value: Any) -> None:
    async def work() -> None:
        rekor = rekor_v2()
        answer = await post(rekor.app, ENTRIES, changed(path, value))
        assert (answer.status, answer.json()["code"], rekor.log.size) == (400, 3, 0)
        assert answer.json()["message"].startswith("invalid hashedrekord request: ")

    run(work)


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b"\xff", b'{"a":1,"a":1}', b"[" * 50_000, b'{"unknown":{}}'])
def test_a_request_of_another_form_is_400(body: bytes) -> None:
    async def work() -> None:
        answer = await post(rekor_v2().app, ENTRIES, body)
        assert (answer.status, answer.json()["code"]) == (400, 3)

    run(work)


def test_the_payload_of_an_envelope_is_not_logged() -> None:
    async def work() -> None:
        rekor = rekor_v2()
        answer = await post(rekor.app, ENTRIES, dsse_request(generate_signer(), payload=b"1" * (1 << 20)))
        assert len(checked(rekor, answer).body) < 1000

    run(work)


def large_certificate(signer: LocalSigner) -> bytes:
    """A certificate of more than 50,000 bytes."""
    key, name = signer.library_key(), x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW)
    oid = x509.ObjectIdentifier("1.2.3.4")
    made = builder.add_extension(x509.UnrecognizedExtension(oid, bytes(50_000)), critical=False).sign(key, SHA256())
    return made.public_bytes(Encoding.DER)


def test_an_entry_that_no_tile_can_hold_is_refused() -> None:
    async def work() -> None:
        rekor, signer = rekor_v2(), generate_signer()
        signature = signer.sign_digest(bytes(32), "sha256")
        details = "PKIX_ECDSA_P256_SHA_256"
        large = hashedrekord_v2_request(bytes(32), signature, details, certificate_der=large_certificate(signer))
        answer = await post(rekor.app, ENTRIES, large)
        assert (answer.status, rekor.log.size) == (400, 0)
        assert "65535" in answer.json()["message"]
        assert (await post(rekor.app, ENTRIES, b" " * ((4 << 20) + 1))).status == 413

    run(work)


def test_a_full_queue_is_503() -> None:
    async def work() -> None:
        rekor, signer = rekor_v2(pace=Pace(linger_seconds=0.01, outstanding=1)), generate_signer()
        answers = await asyncio.gather(*(post(rekor.app, ENTRIES, request(signer, bytes([n]) * 32)) for n in range(3)))
        assert [answer.status for answer in answers] == [201, 503, 503]
        assert answers[1].json() == {"code": 14, "message": "reached max pushback; retry", "details": []}

    run(work)

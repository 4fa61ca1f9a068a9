"""Our requests are what Cosign sends, and what the real services answered is read: the recordings judge both."""

import hashlib
import json

import pytest

from pycosign.clients.fulcio import request_certificate
from pycosign.clients.oidc import parse_identity_token
from pycosign.clients.rekor_v1 import add_entry as add_v1
from pycosign.clients.rekor_v1 import fetch_entry, find_entries
from pycosign.clients.rekor_v2 import add_entry as add_v2
from pycosign.clients.tsa import request_timestamp
from pycosign.codec.b64 import decode_b64
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.crypto.signers import generate_signer
from pycosign.errors import MalformedError, ServiceRejectedError, UnavailableError
from pycosign.net.http import HttpClient
from pycosign.verify.evidence import evidence_from_bundle
from pycosign.wire.bundle import parse_bundle
from tests.clients.conftest import Answer, Service
from tests.recordings import Message, exchange, recorded_file


class RecordedSigner:
    """Signs what was signed when the exchange was recorded."""

    def __init__(self, public_key: PublicKey, signature: bytes) -> None:
        self.public_key, self.signature = public_key, signature
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self.signature

    def sign_digest(self, digest: bytes, hash_name: str) -> bytes:
        raise AssertionError("a proof of possession is over the message")


def answer(message: Message) -> Answer:
    return Answer(message.line["status"], message.body, message.headers)


def test_the_certificate_request_is_cosigns_to_the_byte(service: Service, client: HttpClient) -> None:
    request, response = exchange("fulcio-v2-signingCert-cosign3")
    recorded = json.loads(request.body)["publicKeyRequest"]
    key = load_public_key(recorded["publicKey"]["content"].encode())
    signer = RecordedSigner(key, decode_b64(recorded["proofOfPossession"], what="proof"))
    token = parse_identity_token(request.headers["Authorization"].removeprefix("Bearer "))
    service.will_answer(answer(response))
    chain = request_certificate(client, service.url, token=token, signer=signer)
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.body) == ("POST", request.line["path"], request.body)
    assert asked.headers["Authorization"] == request.headers["Authorization"]
    assert signer.signed == [b"test@example.com"]
    assert len(chain) == 3


def test_a_certificate_of_another_key_is_refused(service: Service, client: HttpClient) -> None:
    request, response = exchange("fulcio-v2-signingCert-cosign3")
    token = parse_identity_token(request.headers["Authorization"].removeprefix("Bearer "))
    service.will_answer(answer(response))
    with pytest.raises(MalformedError, match="another key"):
        request_certificate(client, service.url, token=token, signer=generate_signer())


FULCIO_ERRORS = ["malformed-json", "no-token", "proof-of-possession", "token-expired", "token-wrong-audience"]


@pytest.mark.parametrize("name", FULCIO_ERRORS)
def test_what_the_authority_refuses_is_a_refusal_with_its_words(
    service: Service, client: HttpClient, name: str
) -> None:
    request, _ = exchange("fulcio-v2-signingCert-cosign3")
    _, response = exchange(f"fulcio-v2-error-400-{name}")
    token = parse_identity_token(request.headers["Authorization"].removeprefix("Bearer "))
    service.will_answer(answer(response))
    with pytest.raises(ServiceRejectedError) as caught:
        request_certificate(client, service.url, token=token, signer=generate_signer())
    assert json.loads(response.body)["message"][:60] in str(caught.value)
    assert token.text not in str(caught.value)


@pytest.mark.parametrize("name", ["dsse-cosign3", "hashedrekord-cosign3", "hashedrekord-key"])
def test_a_rekor_v1_entry_is_posted_and_read(service: Service, client: HttpClient, name: str) -> None:
    request, response = exchange(f"rekor-v1-post-{name}")
    service.will_answer(answer(response))
    entry = add_v1(client, service.url, request.body)
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/api/v1/log/entries", request.body)
    assert asked.headers["Content-Type"] == "application/json"
    assert entry.promise
    assert entry.proof


def test_an_entry_that_exists_is_fetched_by_its_id(service: Service, client: HttpClient) -> None:
    request, conflict = exchange("rekor-v1-error-409-duplicate")
    _, existing = exchange("rekor-v1-post-hashedrekord-key")
    service.will_answer(answer(conflict), Answer(200, existing.body))
    entry = add_v1(client, service.url + "/", request.body)
    assert service.asked[1].method == "GET"
    assert service.asked[1].path == conflict.headers["Location"]
    assert entry.proof


@pytest.mark.parametrize("location", ["", "https://evil.example/x", "/api/v1/log/entries/../../etc/passwd"])
def test_a_conflict_that_names_no_entry_is_malformed(service: Service, client: HttpClient, location: str) -> None:
    service.will_answer(Answer(409, b"{}", {"Location": location}))
    with pytest.raises(MalformedError):
        add_v1(client, service.url, b"{}")
    assert len(service.asked) == 1


def test_another_entry_than_the_one_asked_for_is_malformed(service: Service, client: HttpClient) -> None:
    _, existing = exchange("rekor-v1-get-entry-uuid")
    service.will_answer(answer(existing))
    with pytest.raises(MalformedError):
        fetch_entry(client, service.url, "0" * 64)


def test_search_posts_the_proposed_entry_and_reads_the_list(service: Service, client: HttpClient) -> None:
    request, response = exchange("rekor-v1-retrieve-by-entry")
    service.will_answer(answer(response))
    proposed = json.loads(request.body)["entries"][0]
    found = find_entries(client, service.url, json.dumps(proposed).encode())
    assert json.loads(service.asked[0].body) == json.loads(request.body)
    assert len(found) == 1
    service.will_answer(Answer(200, b"[]"))
    assert find_entries(client, service.url, b"{}") == ()


@pytest.mark.parametrize("name", ["dsse-cosign3", "hashedrekord-cosign3", "hashedrekord-key"])
def test_a_rekor_v2_entry_is_posted_and_read(service: Service, client: HttpClient, name: str) -> None:
    request, response = exchange(f"rekor-v2-post-{name}")
    service.will_answer(answer(response))
    entry = add_v2(client, service.url, request.body)
    assert service.asked[0].path == "/api/v2/log/entries"
    assert (entry.promise, entry.integrated_at) == (None, None)
    assert entry.proof


@pytest.mark.parametrize(("name", "add"), [("rekor-v1", add_v1), ("rekor-v2", add_v2)])
def test_what_a_log_refuses_is_a_refusal(service: Service, client: HttpClient, name: str, add: object) -> None:
    _, response = exchange(f"{name}-error-400-bad-signature")
    service.will_answer(answer(response))
    with pytest.raises(ServiceRejectedError):
        add(client, service.url, b"{}")  # type: ignore[operator]


def test_a_v2_duplicate_is_a_refusal_since_it_brings_no_proof(service: Service, client: HttpClient) -> None:
    service.will_answer(answer(exchange("rekor-v2-error-409-duplicate")[1]))
    with pytest.raises(ServiceRejectedError, match="already exists"):
        add_v2(client, service.url, b"{}")


def test_a_service_in_trouble_is_asked_again_and_then_unavailable(service: Service, client: HttpClient) -> None:
    request, response = exchange("rekor-v1-post-hashedrekord-key")
    service.will_answer(Answer(503, b"busy"), answer(response))
    assert add_v1(client, service.url, request.body).proof
    service.will_answer(Answer(503, b"busy"))
    with pytest.raises(UnavailableError):
        add_v1(client, service.url, request.body)


def test_the_timestamp_request_is_cosigns_to_the_byte(service: Service, client: HttpClient) -> None:
    request, response = exchange("tsa-timestamp-cosign3")
    names = [f"bundle-cosign3-{kind}-rekor-v2.json" for kind in ("blob", "attest-blob")]
    bundles = [parse_bundle(recorded_file(name)) for name in names]
    signatures = [evidence_from_bundle(bundle).signature for bundle in bundles]
    signature = next(s for s in signatures if hashlib.sha256(s).digest() in request.body)
    service.will_answer(answer(response))
    assert request_timestamp(client, service.url + request.line["path"], signature) == response.body
    assert service.asked[0].body == request.body
    assert service.asked[0].headers["Content-Type"] == "application/timestamp-query"


def test_a_timestamp_of_another_signature_is_malformed(service: Service, client: HttpClient) -> None:
    service.will_answer(answer(exchange("tsa-timestamp-cosign3")[1]))
    with pytest.raises(MalformedError, match="another signature"):
        request_timestamp(client, service.url, b"another")


def test_what_a_timestamp_authority_refuses_is_a_refusal(service: Service, client: HttpClient) -> None:
    service.will_answer(answer(exchange("tsa-error-400-sha1")[1]))
    with pytest.raises(ServiceRejectedError):
        request_timestamp(client, service.url, b"signature")
    rejected = bytes.fromhex("30053003020102")  # PKIStatusInfo: rejection
    service.will_answer(Answer(200, rejected, {"Content-Type": "application/timestamp-reply"}))
    with pytest.raises(ServiceRejectedError):
        request_timestamp(client, service.url, b"signature")

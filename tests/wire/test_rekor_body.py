"""Canonical bodies of log entries, and requests."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.strict_json import canonical_json, load_json
from pycosign.errors import MalformedError
from pycosign.wire.bundle import MessageSignature, parse_bundle
from pycosign.wire.dsse import Envelope, format_envelope, pae
from pycosign.wire.log_entry import LogEntry, parse_tlog_entry, parse_v1_response
from pycosign.wire.rekor_body import (
    LogBody,
    Verifier,
    format_dsse_v1,
    format_dsse_v2,
    format_hashedrekord_v1,
    format_hashedrekord_v2,
    format_intoto_v001,
    format_rekord_v1,
    parse_rekor_body,
)
from pycosign.wire.rekor_request import (
    dsse_v1_request,
    hashedrekord_v1_request,
    hashedrekord_v2_request,
    intoto_v001_request,
)
from tests.recordings import exchange, names, recorded_file
from tests.wire.strategies import hashes, json_bytes, some_bytes
from tests.wire.strategies import names as some_names

SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
verifiers = st.builds(Verifier, st.sampled_from(["certificate-der", "key-der"]), some_bytes, some_names)


@st.composite
def algorithm_and_digest(draw: st.DrawFn) -> tuple[str, bytes]:
    algorithm = draw(st.sampled_from(sorted(SIZES)))
    return algorithm, draw(st.binary(min_size=SIZES[algorithm], max_size=SIZES[algorithm]))


def written_again(body: LogBody) -> bytes:
    v2 = [
        (signature, Verifier(body.verifier_kind, der, details))
        for signature, der, details in zip(body.signatures, body.verifiers, body.key_details, strict=False)
    ]
    v1 = list(zip(body.signatures, body.verifiers, strict=False))
    if body.kind == "hashedrekord" and v2:
        return format_hashedrekord_v2(body.digest_algorithm, body.digest, *v2[0])
    if body.kind == "rekord":
        return format_rekord_v1(body.digest, *v1[0])
    if body.kind == "hashedrekord":
        return format_hashedrekord_v1(body.digest_algorithm, body.digest, *v1[0])
    if body.kind == "dsse" and v2:
        return format_dsse_v2(body.digest_algorithm, body.digest, v2)
    assert body.envelope_digest is not None
    if body.kind == "dsse":
        return format_dsse_v1(body.envelope_digest, body.digest, v1)
    return format_intoto_v001(body.envelope_digest, body.digest, body.verifiers[0])


# ---- properties ----------------------------------------------------------------------------------------------------
@given(algorithm_and_digest(), some_bytes, some_bytes, verifiers)
def test_hashedrekords_that_we_write_we_read_back(
    hashed: tuple[str, bytes], signature: bytes, pem: bytes, verifier: Verifier
) -> None:
    assert parse_rekor_body(format_hashedrekord_v1(*hashed, signature, pem)) == LogBody(
        "hashedrekord", "0.0.1", *hashed, (signature,), (pem,), "pem"
    )
    assert parse_rekor_body(format_hashedrekord_v2(*hashed, signature, verifier)) == LogBody(
        "hashedrekord", "0.0.2", *hashed, (signature,), (verifier.der,), verifier.kind, None, (verifier.key_details,)
    )


@given(hashes, some_bytes, some_bytes)
def test_rekords_that_we_write_we_read_back(digest: bytes, signature: bytes, pem: bytes) -> None:
    written = format_rekord_v1(digest, signature, pem)
    assert parse_rekor_body(written) == LogBody("rekord", "0.0.1", "sha256", digest, (signature,), (pem,), "pem")
    for form in ("pgp", "minisign", "ssh", "X509", "pkcs7", ""):
        with pytest.raises(MalformedError) as caught:
            parse_rekor_body(written.replace(b'"x509"', b'"%s"' % form.encode()))
        assert caught.value.code == "algorithm.unsupported" or not form


@given(hashes, hashes, st.dictionaries(some_bytes, some_bytes, min_size=1, max_size=3))
def test_envelope_entries_that_we_write_we_read_back(a: bytes, b: bytes, signed: dict[bytes, bytes]) -> None:
    pairs = sorted(signed.items(), key=lambda pair: encode_b64(pair[0]))
    body = parse_rekor_body(format_dsse_v1(a, b, list(signed.items())))
    assert body == LogBody(
        "dsse", "0.0.1", "sha256", b, tuple(s for s, _ in pairs), tuple(p for _, p in pairs), "pem", a
    )
    intoto = parse_rekor_body(format_intoto_v001(a, b, pairs[0][1]))
    assert intoto == LogBody("intoto", "0.0.1", "sha256", b, (), (pairs[0][1],), "pem", a)
    v2 = [(signature, Verifier("key-der", der, "PKIX_ED25519_PH")) for signature, der in signed.items()]
    again = parse_rekor_body(format_dsse_v2("sha512", bytes(64), v2))
    assert again.signatures == tuple(sorted(signed))
    assert written_again(again) == format_dsse_v2("sha512", bytes(64), v2)


@given(json_bytes)
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_rekor_body(data)


# ---- recordings ----------------------------------------------------------------------------------------------------
def recorded_entries() -> list[LogEntry]:
    entries = [parse_v1_response(exchange(name)[1].body)[1] for name in names("rekor-v1-post-*.json")]
    entries += [parse_tlog_entry(exchange(name)[1].body) for name in names("rekor-v2-post-*.json")]
    for name in names("bundle-cosign3-*.json"):
        entries += parse_bundle(recorded_file(f"{name}.json")).entries
    return entries


@pytest.mark.parametrize("entry", recorded_entries(), ids=lambda entry: f"{entry.kind}-{entry.version}")
def test_every_recorded_body_is_read_and_written_again_byte_for_byte(entry: LogEntry) -> None:
    body = parse_rekor_body(entry.body)
    assert (body.kind, body.version) == (entry.kind, entry.version)
    assert written_again(body) == entry.body


@pytest.mark.parametrize("rekor", ["v1", "v2"])
def test_the_body_of_an_artifacts_signature_speaks_of_that_signature(rekor: str) -> None:
    bundle = parse_bundle(recorded_file(f"bundle-cosign3-blob-rekor-{rekor}.json"))
    body = parse_rekor_body(bundle.entries[0].body)
    assert isinstance(bundle.content, MessageSignature)
    assert bundle.content == MessageSignature(body.digest_algorithm, body.digest, body.signatures[0])
    assert body.digest == hashlib.sha256(b"hello\n").digest()


@pytest.mark.parametrize("rekor", ["v1", "v2"])
def test_the_body_of_an_attestation_speaks_of_that_envelope(rekor: str) -> None:
    bundle = parse_bundle(recorded_file(f"bundle-cosign3-attest-blob-rekor-{rekor}.json"))
    body, envelope = parse_rekor_body(bundle.entries[0].body), bundle.content
    assert isinstance(envelope, Envelope)
    assert body.signatures == (envelope.signatures[0].signature,)
    if rekor == "v1":
        assert body.digest == hashlib.sha256(envelope.payload).digest()
        assert body.envelope_digest == hashlib.sha256(format_envelope(envelope)).digest()
    else:
        assert body.digest == hashlib.sha256(pae(envelope.payload_type, envelope.payload)).digest()
        assert body.verifiers == bundle.chain_der


def test_requests_mean_what_the_clients_sent() -> None:
    for name in ("rekor-v1-post-hashedrekord-key", "rekor-v1-post-hashedrekord-cosign3"):
        request, response = exchange(name)
        body = parse_rekor_body(parse_v1_response(response.body)[1].body)
        ours = hashedrekord_v1_request(body.digest_algorithm, body.digest, body.signatures[0], body.verifiers[0])
        assert json.loads(ours) == json.loads(request.body)
    for name, member in (
        ("rekor-v2-post-hashedrekord-cosign3", "certificate_der"),
        ("rekor-v2-post-hashedrekord-key", "key_der"),
    ):
        request, response = exchange(name)
        body = parse_rekor_body(parse_tlog_entry(response.body).body)
        der: dict[str, Any] = {member: body.verifiers[0]}
        ours = hashedrekord_v2_request(body.digest, body.signatures[0], body.key_details[0], **der)
        assert json.loads(ours) == json.loads(request.body)


def test_a_proposed_envelope_goes_in_as_it_is() -> None:
    request, _ = exchange("rekor-v1-post-dsse-cosign3")
    proposed = json.loads(request.body)
    content = proposed["spec"]["proposedContent"]
    pem = decode_b64(content["verifiers"][0], what="verifier")
    assert proposed["spec"].pop("signatures") is None  # Go writes the empty member too
    assert json.loads(dsse_v1_request(content["envelope"].encode(), pem)) == proposed


def test_an_envelope_for_an_intoto_entry_goes_in_as_it_is_with_its_digest() -> None:
    proposed = json.loads(intoto_v001_request(b'{"payload":"<>"}', b"PEM"))
    assert (proposed["kind"], proposed["apiVersion"]) == ("intoto", "0.0.1")
    digest = hashlib.sha256(b'{"payload":"<>"}').hexdigest()
    content = {"envelope": '{"payload":"<>"}', "hash": {"algorithm": "sha256", "value": digest}}
    assert proposed["spec"] == {"content": content, "publicKey": "UEVN"}


def test_a_v2_request_names_one_key_or_one_certificate() -> None:
    for members in ({}, {"certificate_der": b"c", "key_der": b"k"}):
        with pytest.raises(MalformedError, match="exactly one of"):
            hashedrekord_v2_request(bytes(32), b"s", "PKIX_ED25519_PH", **members)


# ---- intoto 0.0.2 --------------------------------------------------------------------------------------------------
def intoto_v002(**envelope: Any) -> bytes:
    twice = encode_b64(encode_b64(b"sig").encode())
    hashed = {"algorithm": "sha256", "value": "ab" * 32}
    inner = {
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": "", "publicKey": encode_b64(b"PEM"), "sig": twice}],
    }
    content = {"envelope": inner | envelope, "hash": hashed, "payloadHash": {**hashed, "value": "cd" * 32}}
    return canonical_json({"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": content}})


def test_intoto_002_holds_the_signature_in_base64_twice() -> None:
    expected = LogBody(
        "intoto", "0.0.2", "sha256", b"\xcd" * 32, (b"sig",), (b"PEM",), "pem", envelope_digest=b"\xab" * 32
    )
    assert parse_rekor_body(intoto_v002()) == expected
    assert parse_rekor_body(intoto_v002(payload="QUI=")) == expected


def test_intoto_002_with_the_signature_in_base64_once_is_refused() -> None:
    once = [{"publicKey": "QUI=", "sig": encode_b64(b"\xff\x00")}]
    with pytest.raises(MalformedError, match=r"signatures\[0\]\.sig is not"):
        parse_rekor_body(intoto_v002(signatures=once))


@pytest.mark.parametrize("body", [intoto_v002(signatures=[]), format_dsse_v1(bytes(32), bytes(32), [])])
def test_an_envelope_s_entry_without_a_signature_is_refused(body: bytes) -> None:
    """Rekor's schemas demand one (minItems)."""
    with pytest.raises(MalformedError, match=r"signatures is empty"):
        parse_rekor_body(body)


# ---- refusals ------------------------------------------------------------------------------------------------------
HASHEDREKORD = format_hashedrekord_v1("sha256", bytes(32), b"AB", b"PEM")
HASHEDREKORD_V2 = format_hashedrekord_v2("sha256", bytes(32), b"AB", Verifier("key-der", b"K", "X"))
DSSE = format_dsse_v1(bytes(32), bytes(32), [(b"AB", b"PEM")])


@pytest.mark.parametrize(
    ("body", "old", "new", "problem"),
    [
        (HASHEDREKORD, b'":', b'": ', "is not canonical JSON"),
        (
            HASHEDREKORD,
            b'{"apiVersion":"0.0.1","kind":"hashedrekord",',
            b'{"kind":"hashedrekord","apiVersion":"0.0.1",',
            "is not canonical",
        ),
        (HASHEDREKORD, b"hashedrekord", b"jar", "is of kind 'jar' '0.0.1', which is not known"),
        (HASHEDREKORD, b"hashedrekord", b"rekord", "format is missing"),
        (HASHEDREKORD, b"0.0.1", b"0.0.3", "is of kind 'hashedrekord' '0.0.3', which is not known"),
        (HASHEDREKORD, b'"spec"', b'"extra":1,"spec"', "has an unknown member 'extra'"),
        (HASHEDREKORD, b'"signature":{', b'"signature":{"a":1,', "has an unknown member 'a'"),
        (HASHEDREKORD, b"sha256", b"sha1", ".spec.data.hash.algorithm is not one of sha256, sha384, sha512"),
        (HASHEDREKORD, b"sha256", b"sha512", ".spec.data.hash.value is 32 bytes long, not 64"),
        (HASHEDREKORD, b'"content":"QUI="', b'"content":""', ".spec.signature.content is 0 bytes long"),
        (HASHEDREKORD_V2, b"SHA2_256", b"SHA2_384", ".data.digest is 32 bytes long, not 48"),
        (HASHEDREKORD_V2, b"SHA2_256", b"sha256", ".data.algorithm is not one of SHA2_256"),
        (HASHEDREKORD_V2, b'"publicKey":', b'"other":', ".verifier must have exactly one of publicKey and x509"),
        (HASHEDREKORD_V2, b'"publicKey":', b'"x509Certificate":{"rawBytes":"QUI="},"publicKey":', "exactly one of"),
        (DSSE, b'"envelopeHash":{"algorithm":"sha256"', b'"envelopeHash":{"algorithm":"sha384"', "bytes long, not 48"),
        (DSSE, b'"signatures":[{', b'"signatures":[{"x":1,', "signatures[0] has an unknown member 'x'"),
        (DSSE, b'"spec":{', b'"spec":{"a":1,', "spec has an unknown member 'a'"),
    ],
)
def test_other_forms_are_refused_by_name(body: bytes, old: bytes, new: bytes, problem: str) -> None:
    assert old in body
    with pytest.raises(MalformedError) as caught:
        parse_rekor_body(body.replace(old, new))
    assert problem in str(caught.value)


def test_an_envelope_hash_other_than_sha256_is_refused() -> None:
    value = load_json(DSSE, what="b", max_bytes=1 << 20)
    text = json.dumps(value).replace(f'"sha256", "value": "{"00" * 32}"', f'"sha512", "value": "{"00" * 64}"', 1)
    with pytest.raises(MalformedError, match=r"envelopeHash\.algorithm is not sha256"):
        parse_rekor_body(canonical_json(json.loads(text)))


def test_keys_and_certificates_are_not_mixed_in_one_v2_entry() -> None:
    signed = [(b"a", Verifier("key-der", b"K", "X")), (b"b", Verifier("certificate-der", b"C", "X"))]
    with pytest.raises(MalformedError, match="all with keys or all with certificates"):
        parse_rekor_body(format_dsse_v2("sha256", bytes(32), signed))

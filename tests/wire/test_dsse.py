"""DSSE envelopes."""

import pytest
from hypothesis import given

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.wire.dsse import (
    Envelope,
    EnvelopeSignature,
    envelope_from_fields,
    format_envelope,
    pae,
    parse_envelope,
)
from tests.recordings import exchange
from tests.wire.strategies import envelopes, json_bytes


def test_pae_is_that_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


@given(envelopes)
def test_what_we_write_we_read_back(envelope: Envelope) -> None:
    written = format_envelope(envelope)
    assert parse_envelope(written) == envelope
    assert envelope_from_fields(Fields(load_json(written, what="e", max_bytes=len(written)), "e")) == envelope


@given(json_bytes)
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    try:
        envelope = parse_envelope(data)
    except MalformedError:
        return
    assert parse_envelope(format_envelope(envelope)) == envelope


def test_the_envelope_that_cosign_3_logged_is_written_again_byte_for_byte() -> None:
    request, _ = exchange("rekor-v1-post-dsse-cosign3")
    proposed = Fields(load_json(request.body, what="request", max_bytes=1 << 20), "request")
    text = proposed.object("spec").object("proposedContent").text("envelope").encode()
    envelope = parse_envelope(text)
    assert format_envelope(envelope) == text
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert [signature.keyid for signature in envelope.signatures] == [""]


def test_the_order_of_cosign_2_and_an_empty_keyid_are_read() -> None:
    text = b'{"payloadType":"t","payload":"QUI=","signatures":[{"keyid":"","sig":"QUI="}]}'
    assert parse_envelope(text) == Envelope(b"AB", "t", (EnvelopeSignature(b"AB"),))


def test_a_certificate_beside_the_signature_is_skipped_only_outside_of_bundles() -> None:
    """slsa-github-generator writes it in its .intoto.jsonl files."""
    text = b'{"payload":"QUI=","payloadType":"t","signatures":[{"keyid":"","sig":"QUI=","cert":"PEM"}]}'
    assert parse_envelope(text).signatures == (EnvelopeSignature(b"AB"),)
    with pytest.raises(MalformedError, match=r"signatures\[0\] has an unknown member 'cert'"):
        envelope_from_fields(Fields(load_json(text, what="e", max_bytes=1000), "e"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"signatures": []}, "envelope.signatures is empty"),
        ({"signatures": None}, "envelope.signatures is missing"),
        ({"signatures": [{"sig": ""}]}, "envelope.signatures[0].sig is 0 bytes long"),
        ({"signatures": [{"keyid": "x"}]}, "envelope.signatures[0].sig is missing"),
        ({"signatures": [{"sig": "QUJ="}]}, "envelope.signatures[0].sig is not canonical base64"),
        ({"signatures": [{"sig": "QUI=", "keyid": 1}]}, "envelope.signatures[0].keyid is not text"),
        ({"signatures": [{"sig": "QUI="}] * (limits.SIGNATURES + 1)}, "envelope.signatures has 11 elements"),
        ({"payloadType": None}, "envelope.payloadType is missing"),
        ({"payload": "QUI"}, "envelope.payload is not base64"),
        (
            {"payload": encode_b64(bytes(limits.PAYLOAD_BYTES + 1))},
            f"envelope.payload is {limits.PAYLOAD_BYTES + 1} bytes long",
        ),
    ],
)
def test_other_forms_are_refused_by_name(change: dict[str, object], problem: str) -> None:
    envelope = {"payload": "QUI=", "payloadType": "t", "signatures": [{"sig": "QUI="}]} | change
    with pytest.raises(MalformedError) as caught:
        parse_envelope(compact_json(envelope))
    assert str(caught.value).startswith(problem)

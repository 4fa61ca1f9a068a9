"""The one file that holds a file's signatures or attestations, in whatever form."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign import limits
from pycosign.errors import MalformedError
from pycosign.wire.bundle import Bundle, format_bundle, may_hold_several, parse_bundle
from pycosign.wire.bundle_file import BundleFileItem, SignedEnvelope, parse_bundle_file
from pycosign.wire.dsse import Envelope, format_envelope
from pycosign.wire.pep740 import PypiAttestation
from tests.recordings import names, recorded_file
from tests.wire.strategies import bundles, envelopes, json_bytes, json_values, texts

CORPUS = Path(__file__).parent.parent / "data" / "corpus"
RECORDED = [recorded_file(f"{name}.json") for name in names("bundle-cosign3-*.json")]
LINES = (CORPUS / "github-cli" / "sigstore-js-2.1.0_with_2_bundles.jsonl").read_bytes()
NPM = (CORPUS / "slsa-verifier" / "provenance-npm-test-cli-v1-prega.tgz.json").read_bytes()
PROVENANCE = (CORPUS / "pypi-attestations" / "pypi_attestations-0.0.19.tar.gz.provenance").read_bytes()
ATTESTATION = (CORPUS / "pypi-attestations" / "rfc8785-0.1.2-py3-none-any.whl.publish.attestation").read_bytes()
ENVELOPE = (CORPUS / "slsa-verifier" / "generic-v1.10.0-push-v14.2.intoto.jsonl").read_bytes()
VSA = (CORPUS / "slsa-verifier" / "gke-gce-pre.bcid-vsa.jsonl").read_bytes()
SAMPLES = [LINES, NPM, PROVENANCE, ATTESTATION, ENVELOPE, VSA]
GITHUB = json.dumps(
    {
        "attestations": [
            {
                "bundle": json.loads(RECORDED[0]),
                "repository_id": 1,
                "bundle_url": "https://example.com/never-asked",
                "initiator": "user",
            }
        ]
    }
).encode()


def contents(data: bytes) -> list[type]:
    return [type(item.content) for item in parse_bundle_file(data)]


def changed(data: bytes, *path: str | int, to: object = ..., add: str = "") -> bytes:
    """The document with the member at `path` set, deleted (no `to`), or given a further member `add`."""
    value: Any = json.loads(data)
    place = value
    for step in path[:-1]:
        place = place[step]
    if add:
        place[path[-1]][add] = to
    elif to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(value).encode()


# ---- which form is which
@pytest.mark.parametrize("data", RECORDED)
def test_one_bundle_is_known_without_being_parsed_and_read_to_the_same_end(data: bytes) -> None:
    assert not may_hold_several(data)
    assert parse_bundle_file(data) == (BundleFileItem("bundle", parse_bundle(data)),)


@pytest.mark.parametrize("data", RECORDED)
def test_one_bundle_written_over_many_lines_is_still_one(data: bytes) -> None:
    for text in (json.dumps(json.loads(data), indent=2), json.dumps(json.loads(data), indent=1) + "\n\n"):
        assert not may_hold_several(text.encode())
        assert contents(text.encode()) == [Bundle]


@pytest.mark.parametrize("data", [*SAMPLES, GITHUB])
def test_every_other_form_is_told_from_one_bundle(data: bytes) -> None:
    assert may_hold_several(data)


def test_the_samples_are_read() -> None:
    assert [item.place for item in parse_bundle_file(LINES)] == ["line 1", "line 2"]
    assert contents(LINES) == [Bundle, Bundle]
    assert [(item.place, item.note) for item in parse_bundle_file(NPM)] == [
        ("attestations[0].bundle", "listed as https://github.com/npm/attestation/tree/main/specs/publish/v0.1"),
        ("attestations[1].bundle", "listed as https://slsa.dev/provenance/v1"),
    ]
    assert contents(NPM) == [Bundle, Bundle]
    assert contents(GITHUB) == [Bundle]
    (published,) = parse_bundle_file(PROVENANCE)
    assert published.place == "attestation_bundles[0].attestations[0]"
    assert (
        published.note
        == "published by GitHub, repository trailofbits/pypi-attestations, workflow release.yml, says the index"
    )
    assert isinstance(published.content, PypiAttestation)
    assert contents(ATTESTATION) == [PypiAttestation]


def test_an_envelope_keeps_the_certificate_that_was_put_beside_its_signature() -> None:
    (generated,) = parse_bundle_file(ENVELOPE)
    assert isinstance(generated.content, SignedEnvelope)
    assert (generated.content.certificate_der or b"")[:1] == b"\x30"
    (summary,) = parse_bundle_file(VSA)
    assert isinstance(summary.content, SignedEnvelope)
    assert summary.content.certificate_der is None
    assert summary.content.envelope.signatures[0].keyid != ""


# ---- lines
@given(st.lists(bundles(), min_size=2, max_size=4), st.sampled_from(["\n", "\r\n", "\n\n", "\n \n"]), st.booleans())
def test_bundles_one_a_line_are_read_back_in_order(several: list[Bundle], between: str, ended: bool) -> None:
    data = between.join(format_bundle(bundle).decode() for bundle in several) + ("\n" if ended else "")
    assert may_hold_several(data.encode())
    items = parse_bundle_file(data.encode())
    assert [item.content for item in items] == several
    step = 1 if between.count("\n") == 1 else 2
    assert [item.place for item in items] == [f"line {1 + step * i}" for i in range(len(several))]


@given(bundles(), envelopes, st.booleans())
def test_a_line_may_be_an_envelope(bundle: Bundle, envelope: Envelope, first: bool) -> None:
    lines = [format_envelope(envelope), format_bundle(bundle)]
    items = parse_bundle_file(b"\n".join(lines if first else lines[::-1]))
    assert {type(item.content) for item in items} == {Bundle, SignedEnvelope}
    assert SignedEnvelope(envelope, None) in [item.content for item in items]


def test_a_line_that_cannot_be_read_is_an_item_and_the_others_are_read() -> None:
    data = b"\n".join([RECORDED[0], b"nonsense", RECORDED[1].replace(b'"mediaType"', b'"mediaTypo"', 1), RECORDED[1]])
    items = parse_bundle_file(data)
    assert [str(item.content) for item in items[1:3]] == [
        "line 2 is not JSON: Expecting value (line 1, column 1)",
        "line 3.mediaType is missing",
    ]
    assert isinstance(items[0].content, Bundle)
    assert isinstance(items[3].content, Bundle)


def test_a_name_given_twice_in_a_line_is_refused_in_that_line() -> None:
    twice = b'{"mediaType":"x",' + RECORDED[0][1:]
    items = parse_bundle_file(twice + b"\n" + RECORDED[1] + b"\n")
    assert str(items[0].content) == "line 1 has the member 'mediaType' twice"
    assert isinstance(items[1].content, Bundle)


# ---- lists
@given(st.lists(bundles(), min_size=1, max_size=3), st.dictionaries(texts, json_values, max_size=3))
def test_a_list_is_read_whatever_the_server_says_beside_the_bundles(
    several: list[Bundle], more: dict[str, Any]
) -> None:
    listed = [{**more, "bundle": json.loads(format_bundle(bundle))} for bundle in several]
    items = parse_bundle_file(json.dumps({"attestations": listed}).encode())
    assert [item.content for item in items] == several


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            changed(GITHUB, "attestations", 0, "bundle"),
            "attestations[0].bundle is missing: there is no bundle but only",
        ),
        (changed(GITHUB, "attestations", 0, "bundle", to=None), "attestations[0].bundle is missing"),
        (changed(NPM, "attestations", 0, "bundle", to="x"), "attestations[0].bundle is not a JSON object"),
        (
            changed(NPM, "attestations", 0, "bundle", "verificationMaterial", "tlogEntries", 0, "logIndex", to=-1),
            "attestations[0].bundle.verificationMaterial.tlogEntries[0].logIndex is not between",
        ),
    ],
)
def test_an_element_that_cannot_be_read_is_named(data: bytes, said: str) -> None:
    assert said in str(parse_bundle_file(data)[0].content)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"attestations":[]}', "bundle is an empty list"),
        (b'{"attestations":{}}', "bundle list.attestations is not a list"),
        (b'{"attestations":[1]}', "bundle list.attestations[0] is not a JSON object"),
        (b'{"attestations":[{}],"mediaType":"x"}', "bundle.mediaType is not that of a known bundle version"),
        (b'{"attestations":[{}],"next":"https://example.com"}', "bundle list has an unknown member 'next'"),
        (b'{"attestations":[{"bundle":{},"bundle":{}}]}', "bundle has the member 'bundle' twice"),
        (
            json.dumps({"attestations": [{}] * (limits.BUNDLES_PER_FILE + 1)}).encode(),
            "1001 elements; 1000 are allowed",
        ),
        (b'{"version":1,"attestation_bundles":[]}', "bundle is an empty list"),
        (b"{}\n" * (limits.BUNDLES_PER_FILE + 1), "bundle has more than 1000 lines"),
        (b"", "bundle is not JSON"),
        (b"[]", "bundle is not a JSON object"),
        (b"{}", "bundle.mediaType is missing"),
    ],
)
def test_a_file_that_is_no_list_of_bundles_is_refused_as_a_whole(data: bytes, said: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_bundle_file(data)
    assert said in str(caught.value)


# ---- nothing else escapes
@given(st.one_of(json_bytes, st.binary(), st.lists(json_bytes, max_size=4).map(b"\n".join)))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    may_hold_several(data)
    try:
        items = parse_bundle_file(data)
    except MalformedError:
        return
    assert items
    assert all(isinstance(item.content, MalformedError) for item in items)


@pytest.mark.parametrize("sample", [*SAMPLES, GITHUB])
@given(data=st.data())
def test_no_change_of_one_byte_lets_another_error_escape(sample: bytes, data: st.DataObject) -> None:
    raw = bytearray(sample)
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    may_hold_several(bytes(raw))
    try:
        assert parse_bundle_file(bytes(raw))
    except MalformedError:
        return


def test_a_certificate_beside_a_signature_must_be_one() -> None:
    pem = json.loads(ENVELOPE)["signatures"][0]["cert"]
    for cert, said in (
        (pem + pem, "envelope.signatures[0].cert is not one certificate in PEM"),
        (pem.replace("CERTIFICATE", "PUBLIC KEY"), "envelope.signatures[0].cert is not one certificate in PEM"),
        ("x", "envelope.signatures[0].cert"),
        (7, "envelope.signatures[0].cert is not text"),
    ):
        with pytest.raises(MalformedError) as caught:
            parse_bundle_file(changed(ENVELOPE, "signatures", 0, "cert", to=cert))
        assert str(caught.value).startswith(said)
    both = json.loads(ENVELOPE)
    both["signatures"] *= 2
    with pytest.raises(MalformedError, match="hold 2 certificates, not 1 at most"):
        parse_bundle_file(json.dumps(both).encode())

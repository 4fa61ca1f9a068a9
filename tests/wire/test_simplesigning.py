"""The payload of legacy image signatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing, parse_simple_signing
from tests.recordings import registry_file
from tests.wire.strategies import digests, json_bytes, json_values, texts

payloads = st.builds(SimpleSigning, texts, digests, texts, st.none() | st.dictionaries(texts, json_values, max_size=3))


@given(payloads)
def test_what_we_write_we_read_back(payload: SimpleSigning) -> None:
    assert parse_simple_signing(format_simple_signing(payload)) == payload


@given(st.one_of(json_bytes, st.binary()))
def test_nothing_but_malformed_error_escapes(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_simple_signing(data)


@pytest.mark.parametrize(
    ("name", "optional"), [("sig-payload-plain.json", None), ("sig-payload.json", {"a": "1", "b": "<x>"})]
)
def test_what_cosign_signed_is_read_and_written_again_byte_for_byte(name: str, optional: dict[str, str] | None) -> None:
    raw = registry_file(name)
    payload = parse_simple_signing(raw)
    assert (payload.reference, payload.optional) == ("127.0.0.1:15999/img", optional)
    assert format_simple_signing(payload) == raw


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"sha256:6a", b"sha256:6A", "critical.image.docker-manifest-digest is not a digest"),
        (b"sha256:6a", b"sha256:", "critical.image.docker-manifest-digest is not a digest"),
        (b"sha256:6a", b"md5:6a", "critical.image.docker-manifest-digest is not a digest"),
        (b'"docker-reference"', b'"reference"', "critical.identity.docker-reference is missing"),
        (b'"type":', b'"new":1,"type":', "critical has an unknown member"),
        (b'"optional":null', b'"optional":[]', "optional is not a JSON object"),
        (b'"optional":null', b'"other":null', "signature payload has an unknown member"),
        (b'"type":', b'"type":"x","type":', "signature payload has the member 'type' twice"),
    ],
)
def test_other_forms_are_refused_by_name(old: bytes, new: bytes, problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_simple_signing(registry_file("sig-payload-plain.json").replace(old, new))
    assert str(caught.value).removeprefix("signature payload.").startswith(problem)

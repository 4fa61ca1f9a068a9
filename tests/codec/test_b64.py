"""Base64: one spelling for each value."""

import base64
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec import b64
from pycosign.codec.b64 import decode_b64, decode_b64url, encode_b64, encode_b64url
from pycosign.errors import MalformedError


@pytest.fixture(autouse=True, scope="module", params=["as installed", "without librt"])
def decoder(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything here twice: with the quick decoder if it is installed, and with Python's own."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without librt":
            if not (b64.__file__ or "").endswith(".py"):
                pytest.skip("a compiled module's variables cannot be exchanged")
            patch.setattr(b64, "_quick", None)
        else:
            b64.use_quick_decoder()
        yield


@given(st.binary())
def test_what_we_write_we_read_back_and_python_agrees(raw: bytes) -> None:
    assert decode_b64(encode_b64(raw), what="thing") == raw
    assert decode_b64url(encode_b64url(raw), what="thing") == raw
    assert encode_b64(raw) == base64.b64encode(raw).decode()
    assert encode_b64url(raw) == base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(st.one_of(st.text(), st.text("ABab019+/-_=\n", max_size=12)))
def test_what_we_accept_is_canonical(text: str) -> None:
    for decode, encode in ((decode_b64, encode_b64), (decode_b64url, encode_b64url)):
        try:
            raw = decode(text, what="thing")
        except MalformedError:
            continue
        assert encode(raw) == text


@pytest.mark.parametrize(
    "text",
    ["QUJ=", "QUI", "QUI=\n", " QUI=", "Q*UI=", "QUI==", "QU I=", "=QUI=", "A", "AB=A", "QUI=QUI=", "-_-_", "é"],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match=r"^signature is not"):
        decode_b64(text, what="signature")


@pytest.mark.parametrize("text", ["QUI=", "QUJ", "+/+/", "A", "QU I", "\n", "ſ"])
def test_other_url_safe_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        decode_b64url(text, what="token")


@given(st.text(alphabet="AQgw+/=-\n é", max_size=13))
def test_what_is_accepted_is_exactly_what_is_written(text: str) -> None:
    """Texts of few characters, so that padding, left-over bits and foreign characters meet in every place."""
    try:
        written = base64.b64encode(base64.b64decode(text)).decode()
    except ValueError:
        written = None
    try:
        read: bytes | None = decode_b64(text, what="test")
    except MalformedError:
        read = None
    assert (read is not None) == (written == text)
    assert read is None or encode_b64(read) == text

"""Secrets do not reach what is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.net.redact import redact_header, redact_text, redact_url

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@host:8443/v2/?n=5", "https://host:8443/v2/?n=5"),
        (
            "https://host/token?service=reg&scope=repository:a:pull",
            "https://host/token?service=reg&scope=repository:a:pull",
        ),
        ("https://s3/x?X-Amz-Signature=abc&X-Amz-Date=1", "https://s3/x?X-Amz-Signature=REDACTED&X-Amz-Date=1"),
        ("https://[::1]:5000/x", "https://[::1]:5000/x"),
        ("https://host/cb?code=abc&state=1", "https://host/cb?code=REDACTED&state=1"),
        (f"https://host/{JWT}", "https://host/<redacted>"),
    ],
)
def test_urls_are_shown_without_their_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer s3cr3tvalue"),
        ("authorization", "Basic s3cr3tvalue"),
        ("Cookie", "sid=s3cr3tvalue"),
        ("Set-Cookie", "sid=s3cr3tvalue; Path=/"),
        ("X-Vault-Token", "s3cr3tvalue"),
        ("Location", "https://u:s3cr3tvalue@host/x?token=s3cr3tvalue"),
        ("X-Anything", 'Bearer s3cr3tvalue, password="s3cr3tvalue"'),
    ],
)
def test_headers_are_shown_without_their_secrets(name: str, value: str) -> None:
    assert "s3cr3tvalue" not in redact_header(name, value)


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token":"s3cr3tvalue"}',
        "password=s3cr3tvalue",
        "http://me:s3cr3tvalue@host/ failed",
        '"auth": "s3cr3tvalue"',
    ],
)
def test_texts_are_shown_without_their_secrets(text: str) -> None:
    assert "s3cr3tvalue" not in redact_text(text)


def test_plain_text_stays_as_it_is() -> None:
    text = "MANIFEST_UNKNOWN: repository demo/app has no 1.0"
    assert redact_text(text) == text
    assert redact_text(f"got {JWT}") == "got <redacted>"


@given(st.text())
def test_nothing_that_is_given_breaks_it(text: str) -> None:
    redact_text(redact_url(text))
    redact_header("Location", text)

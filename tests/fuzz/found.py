"""What fuzzing has found: the input that broke a target, as small as it gets, and what it broke. All of it is fixed."""

from typing import Final

__all__ = ["FOUND"]

FOUND: Final = (
    ("stack-files", b'{"format":1}', "a data directory's format.json without its members: KeyError"),
    ("stack-files", b"[]", "a stack.json that is no object: what used it failed later"),
    ("stack-files", b"[" * 20_000, "a stack.json of deep nesting: RecursionError"),
    ("reference", b"fulcio=" + b"9" * 5000, "`--ports` with a number of thousands of digits: ValueError"),
    ("registry-request", b'{"mediaType":[]}', "a pushed manifest whose mediaType is no text: TypeError, 500"),
    (
        "service-answer",
        b'{"issuer":"https://issuer.example","authorization_endpoint":"http://[","token_endpoint":"http://["}',
        "an OIDC discovery document with brackets that hold no address: ValueError",
    ),
    (
        "public-key",
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\n"
            b"MIGAMDQCAgC8MAAwKjAFBgMrZXADIQADoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuKAAMAUGAytlcANB"
            b"AP5PosP+0Ld2CzVCkMrHiRTFhATvFl71oGdBRxnDbHN6haAXH+kP/EcAxgcTgIJM2HDPYZ2C/OxKVBaXwrAyugg="
            b"\n-----END CERTIFICATE REQUEST-----\n"
        ),
        "a signing request of version 188, which the library has an error of its own for: InvalidVersion, 500",
    ),
    (
        "simple-signing",
        (
            b'{"critical":{"identity":{"docker-reference":"a"},"image":{"docker-manifest-digest":"sha256:'
            + b"0" * 64
            + b'"},"type":"t"},"optional":{"a":9.223372036854776e+18}}'
        ),
        "no fault of the writer: a number with an exponent, which Go writes without, was another one to the contract",
    ),
)

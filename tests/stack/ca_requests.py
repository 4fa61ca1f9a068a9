"""Requests to a CA, and what comes back: a certificate or a refusal."""

import json
from typing import Any

from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate

from .logs import Answer, call, run
from .services import Ca, certificate_authority

V2 = "/api/v2/signingCert"


async def post(ca: Ca, body: bytes | dict[str, Any], *, path: str = V2, bearer: str = "") -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    return await call(ca.app, "POST", path, raw, headers)


def certificates(answer: Answer) -> list[Certificate]:
    """The chain of a version 2 answer, leaf first."""
    assert answer.status == 200, answer.body
    chain = answer.json()["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    return [parse_certificate(parse_pem(text.encode(), what="answer")[0].der) for text in chain]


def issue(body: bytes | dict[str, Any]) -> Certificate:
    """The leaf that a request gets."""

    async def work() -> Certificate:
        return certificates(await post(certificate_authority(), body))[0]

    return run(work)


def refusal(body: bytes | dict[str, Any], **kwargs: Any) -> tuple[int, int, str]:
    """Status, gRPC code and message that a request gets."""

    async def work() -> tuple[int, int, str]:
        answer = await post(certificate_authority(), body, **kwargs)
        error = answer.json()
        assert set(error) == {"code", "message", "details"}
        return answer.status, error["code"], error["message"]

    return run(work)

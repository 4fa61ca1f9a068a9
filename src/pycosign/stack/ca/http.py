"""Fulcio's API over HTTP, versions 1 and 2. Source: sigstore/fulcio, fulcio.proto and pkg/server."""

import json
from collections.abc import Awaitable, Callable

from pycosign.ambient import Clock, Entropy
from pycosign.codec.pem import format_pem
from pycosign.errors import UnavailableError
from pycosign.limits import REQUEST_BYTES
from pycosign.stack.asgi import ASGIApp, Request, Response, build_app, json_response
from pycosign.stack.ca import core
from pycosign.stack.ca.errors import INTERNAL, NOT_FOUND, UNIMPLEMENTED, CaRefusedError
from pycosign.stack.ca.token import TrustedIssuer

__all__ = ["CertificateAuthority", "SubmitPrecertificate", "build_ca_app"]

# gives the precertificate to the certificate log; returns the SCT list extension's value.
# Durable when it returns; raises UnavailableError when the log cannot take it.
SubmitPrecertificate = Callable[[core.Precertificate, core.Authority], Awaitable[bytes]]

PEM_CHAIN = "application/pem-certificate-chain"
_ALLOWED = {
    "/api/v2/signingCert": "POST",
    "/api/v1/signingCert": "POST",
    "/api/v2/trustBundle": "GET",
    "/api/v2/configuration": "GET",
    "/api/v1/rootCert": "GET",
    "/healthz": "GET",
}


def _refusal(status: int, grpc_code: int, message: str) -> Response:
    """An error in the shape of grpc-gateway; every client reads `message`."""
    return json_response(status, f'{{"code":{grpc_code}, "message":{json.dumps(message)}, "details":[]}}')


def _pem(der: bytes) -> str:
    return format_pem("CERTIFICATE", der).decode("ascii").strip()


class CertificateAuthority:
    """The CA's endpoints over one authority, issuer and certificate log."""

    def __init__(
        self,
        authority: core.Authority,
        issuer: TrustedIssuer,
        submit: SubmitPrecertificate,
        *,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._authority, self._issuer, self._submit = authority, issuer, submit
        self._clock, self._entropy = clock, entropy
        chain = [_pem(der) for der in authority.chain]
        self._chain_pem = "\n".join(chain)
        self._chain_json = ", ".join(json.dumps(pem) for pem in chain)
        self._trust_bundle = f'{{"chains":[{{"certificates":[{self._chain_json}]}}]}}'
        self._configuration = json.dumps(
            {
                "issuers": [
                    {
                        "issuerUrl": issuer.url,
                        "audience": issuer.audience,
                        "challengeClaim": "email",
                        "spiffeTrustDomain": "",
                        "issuerType": "email",
                        "subjectDomain": "",
                        "skipEmailVerification": False,
                    }
                ]
            }
        )

    async def handle(self, request: Request) -> Response:
        """Route one request."""
        method = _ALLOWED.get(request.path)
        if method is None:
            return _refusal(404, NOT_FOUND, "Not Found")
        if method != request.method:
            return _refusal(501, UNIMPLEMENTED, "Method Not Allowed")
        match request.path:
            case "/api/v2/signingCert":
                return await self._sign(request, version=2)
            case "/api/v1/signingCert":
                return await self._sign(request, version=1)
            case "/api/v2/trustBundle":
                return json_response(200, self._trust_bundle)
            case "/api/v2/configuration":
                return json_response(200, self._configuration)
            case "/api/v1/rootCert":
                return Response(200, self._chain_pem.encode("ascii"), PEM_CHAIN)
        return json_response(200, '{"status":"SERVING"}')

    async def _sign(self, request: Request, *, version: int) -> Response:
        try:
            leaf_pem = _pem(await self._issue(request, version))
        except CaRefusedError as exc:
            return _refusal(exc.status, exc.grpc_code, exc.message)
        except UnavailableError:
            return _refusal(500, INTERNAL, "Error entering certificate in CTL")
        if version == 1:  # Cosign 2 takes nothing but 201 here, sigstore-go nothing but 200 below
            return Response(201, f"{leaf_pem}\n{self._chain_pem}".encode("ascii"), PEM_CHAIN)
        certificates = f"{json.dumps(leaf_pem)}, {self._chain_json}"
        return json_response(200, f'{{"signedCertificateEmbeddedSct":{{"chain":{{"certificates":[{certificates}]}}}}}}')

    async def _issue(self, request: Request, version: int) -> bytes:
        asked = core.parse_request(request.body, request.headers.get("authorization", ""), version=version)
        planned = core.plan(asked, self._authority, self._issuer, now=self._clock(), entropy=self._entropy)
        sct_list_value = await self._submit(planned, self._authority)
        return core.finish(planned, sct_list_value, self._authority)


def build_ca_app(
    authority: core.Authority,
    issuer: TrustedIssuer,
    submit: SubmitPrecertificate,
    *,
    clock: Clock,
    entropy: Entropy,
) -> ASGIApp:
    """The CA as an ASGI application."""
    ca = CertificateAuthority(authority, issuer, submit, clock=clock, entropy=entropy)
    return build_app(ca.handle, max_bytes=REQUEST_BYTES)

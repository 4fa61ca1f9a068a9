"""What the CA answers when it says no: gRPC code, HTTP status and Fulcio's own sentence.

Source: sigstore/fulcio, pkg/server/error.go.
"""

from pycosign.errors import RefusedError

__all__ = ["CaRefusedError", "TokenRefusedError"]

INVALID_ARGUMENT = 3
NOT_FOUND = 5
UNIMPLEMENTED = 12
INTERNAL = 13


class CaRefusedError(RefusedError):
    """A request that gets no certificate. `message` is what the client is told, `reason` what our log may say."""

    code = "ca.refused"

    def __init__(self, message: str, *, reason: str = "", grpc_code: int = INVALID_ARGUMENT, status: int = 400) -> None:
        self.message, self.reason = message, reason
        self.grpc_code, self.status = grpc_code, status
        super().__init__(f"{message}: {reason}" if reason else message)


class TokenRefusedError(CaRefusedError):
    """The identity token does not count. Every reason has one sentence, and is 400, never 401."""

    def __init__(self, reason: str) -> None:
        super().__init__("There was an error processing the identity token", reason=reason)

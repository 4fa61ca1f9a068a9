"""Moments that the evidence proves. Only this module makes a `VerifiedTime`."""

from datetime import datetime
from typing import Final

__all__ = ["VerifiedTime"]

_PROOF: Final = object()


class VerifiedTime:
    """A moment at which the signature existed, and who vouches for it.

    source: "timestamp" (an authority signed it), "log" (a log promised it) or "now" (under Waiver.TLOG only).
    """

    __slots__ = ("at", "authority", "source")

    def __init__(self, proof: object, at: datetime, source: str, authority: str) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.times makes a VerifiedTime")
        self.at = at
        self.source = source
        self.authority = authority

    def __repr__(self) -> str:
        return f"VerifiedTime({self.at.isoformat()}, {self.source}, {self.authority})"

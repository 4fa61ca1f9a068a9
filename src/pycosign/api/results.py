"""What the library answers about images and about many files. What was proved of one signature is a `Verified`."""

from pycosign.errors import SigningError, UnavailableError, UsageError
from pycosign.record import Record
from pycosign.verify.result import Verdict, Verified

__all__ = ["JudgedFile", "VerifiedImage"]

_UNDECIDED = (UnavailableError, UsageError)  # of one pair among many: it could not be decided with what is there


class VerifiedImage(Record):
    """An image of which at least one signature was accepted.

    name: "HOST/REPOSITORY@sha256:HEX": deploy this, a tag may have moved since. digest: "sha256:HEX". signatures: what
    was proved by each accepted one; 1 or more. refused: why others were not. warnings: sentences.
    """

    name: str
    digest: str
    signatures: tuple[Verified, ...]
    refused: tuple[SigningError, ...]
    warnings: tuple[str, ...]


class JudgedFile(Record):
    """One of many files, and what came of it: look at `verdict`, or let `require` raise.

    artifact: what to call it in messages. outcome: what was proved, or the error that says why not.
    """

    artifact: str
    outcome: Verified | SigningError

    @property
    def verdict(self) -> Verdict:
        """The answer in one word.

        Returns: VERIFIED, REFUSED, or UNAVAILABLE where it could not be found out (a file that is not there, too).
        Raises:  nothing.
        """
        if isinstance(self.outcome, Verified):
            return Verdict.VERIFIED
        return Verdict.UNAVAILABLE if isinstance(self.outcome, _UNDECIDED) else Verdict.REFUSED

    def __bool__(self) -> bool:
        """True only if it is verified: `if judged:` must not mean "there is an answer"."""
        return self.verdict is Verdict.VERIFIED

    def require(self) -> Verified:
        """What was proved.

        Returns: the outcome, if the file is verified.
        Raises:  the outcome, if it is not.
        """
        if isinstance(self.outcome, Verified):
            return self.outcome
        raise self.outcome

"""What is noted while a verification goes on, for its report."""

TYPE_CHECKING = False  # on the shortest path to an answer
if TYPE_CHECKING:
    from pycosign.flows.candidates import JudgedCandidate
    from pycosign.instances.trust import Document

__all__ = ["Journal"]


class Journal:
    """What a command learns on its way that belongs into a report, beside the outcome.

    trust: where the trust root came from, its age in seconds, and the instance's name if it is one's; None until one
    is loaded, and if none is needed. candidates: each of a file that holds several signatures; () of any other.
    """

    __slots__ = ("candidates", "trust", "warnings")

    def __init__(self) -> None:
        self.trust: dict[str, str | int | None] | None = None
        self.warnings: list[str] = []
        self.candidates: tuple[JudgedCandidate, ...] = ()

    def enter_trust(self, document: "Document", *, instance: str | None = None) -> None:
        """Note which trust root is used, and what is doubtful about it."""
        age = None if document.age is None else int(document.age.total_seconds())
        self.trust = {"source": document.source, "age_seconds": age, "instance": instance}
        self.warnings += document.warnings

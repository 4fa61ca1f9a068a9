"""What is noted while a verification goes on, for its report."""

TYPE_CHECKING = False  # on the shortest path to an answer
if TYPE_CHECKING:
    from pycosign.instances.trust import Document

__all__ = ["Journal"]


class Journal:
    """What a command learns on its way that belongs into a report, beside the outcomes.

    trust: where the trust root came from and its age in seconds; None until one is loaded, and if none is needed.
    """

    __slots__ = ("trust", "warnings")

    def __init__(self) -> None:
        self.trust: dict[str, str | int | None] | None = None
        self.warnings: list[str] = []

    def enter_trust(self, document: "Document") -> None:
        """Note which trust root is used, and what is doubtful about it."""
        age = None if document.age is None else int(document.age.total_seconds())
        self.trust = {"source": document.source, "age_seconds": age}
        self.warnings += document.warnings

"""A large file hashed by a thread, while the process still imports what verifies signatures.

`hashlib` gives way to other threads while it works. Whether a file is large enough is the caller's question.
"""

import hashlib
import threading

__all__ = ["HashAhead"]


class HashAhead:
    """The SHA-256 of a local file, begun when this is made. Memory is one piece, whatever the file's size.

    The thread never keeps a process alive: a command that refuses the evidence before does not wait for it.
    """

    __slots__ = ("_digest", "_path", "_problem", "_thread")

    def __init__(self, path: str) -> None:
        self._path = path
        self._digest = b""
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with open(self._path, "rb") as file:
                self._digest = hashlib.file_digest(file, "sha256").digest()
        except BaseException as exc:  # noqa: BLE001 (raised by `sha256`: whatever ended the thread, there is no digest)
            self._problem = exc

    def sha256(self) -> bytes:
        """Wait for the digest. Raises: OSError: the file cannot be read; what else ended the thread."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._digest

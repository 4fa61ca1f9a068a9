"""A large file hashed by a thread, while the process still imports what verifies signatures.

Whether a file is large enough is the caller's question. Not `hashlib.file_digest`: its small pieces cost a large file
half as much time again.
"""

import threading

from pycosign.crypto.stream_digests import digest_file

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
                self._digest = digest_file(file, ("sha256",))["sha256"]
        except BaseException as exc:  # noqa: BLE001 (raised by `sha256`: whatever ended the thread, there is no digest)
            self._problem = exc

    def sha256(self) -> bytes:
        """Wait for the digest. Raises: OSError: the file cannot be read; what else ended the thread."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._digest

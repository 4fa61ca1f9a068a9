"""Blobs that are arriving: each session is a file that grows, and a running digest."""

import hashlib
import os
import uuid

from pycosign.ambient import monotonic_seconds
from pycosign.stack.registry.core import RegistryError, content_range, parse_digest
from pycosign.stack.registry.storage import RegistryStore

__all__ = ["Session", "Uploads"]

_READ_BYTES = 1 << 20


class Session:
    """One upload. Only one request writes to it at a time; a second one is refused, not interleaved."""

    def __init__(self, identifier: str, repository: str, directory: str) -> None:
        self.identifier, self.repository = identifier, repository
        self.path = os.path.join(directory, identifier)
        self.size = 0
        self.touched = monotonic_seconds()
        self.busy = False
        self._sha256 = hashlib.sha256()
        self._stream = open(self.path, "xb", buffering=0)  # noqa: SIM115 - open until the upload ends

    def expect_range(self, header: str | None) -> None:
        """Raise RegistryError 416 unless a chunk with this Content-Range comes next."""
        wanted = content_range(header)
        if wanted is not None and wanted[0] != self.size:
            raise RegistryError(416, "BLOB_UPLOAD_INVALID", f"the upload continues at byte {self.size}")

    def write(self, piece: bytes, *, max_bytes: int) -> None:
        """Append to the blob. Raises RegistryError 413 when it becomes larger than allowed."""
        if self.size + len(piece) > max_bytes:
            raise RegistryError(413, "SIZE_INVALID", f"a blob may have {max_bytes} bytes")
        self._sha256.update(piece)
        view = memoryview(piece)
        while view:
            view = view[self._stream.write(view) :]
        self.size += len(piece)
        self.touched = monotonic_seconds()

    def check_digest(self, digest: str) -> None:
        """Raise RegistryError 400 unless the bytes so far have this digest. Reads the file again for sha512."""
        algorithm, value = parse_digest(digest)
        computed = self._sha256.hexdigest() if algorithm == "sha256" else self._rehash(algorithm)
        if computed != value:
            raise RegistryError(400, "DIGEST_INVALID", f"the blob's digest is {algorithm}:{computed}, not {digest}")

    def close(self) -> None:
        """Close the file and, if it was not made a blob, delete it."""
        self._stream.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _rehash(self, algorithm: str) -> str:
        state = hashlib.new(algorithm)
        with open(self.path, "rb") as stream:
            while piece := stream.read(_READ_BYTES):
                state.update(piece)
        return state.hexdigest()


class Uploads:
    """All sessions of this process; they do not survive a restart, as the specification allows."""

    def __init__(self, store: RegistryStore, *, max_sessions: int, idle_seconds: float) -> None:
        self._directory = store.uploads_directory
        self._max_sessions = max_sessions
        self._idle_seconds = idle_seconds
        self._sessions: dict[str, Session] = {}

    def begin(self, repository: str) -> Session:
        """A new session. Raises RegistryError 429 when too many are open."""
        self._drop_idle()
        if len(self._sessions) >= self._max_sessions:
            raise RegistryError(429, "TOOMANYREQUESTS", "too many uploads are open")
        session = Session(str(uuid.uuid4()), repository, self._directory)
        self._sessions[session.identifier] = session
        return session

    def find(self, repository: str, identifier: str) -> Session:
        """A session of this repository. Raises RegistryError 404."""
        session = self._sessions.get(identifier)
        if session is None or session.repository != repository:
            raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
        return session

    def end(self, session: Session) -> None:
        """Forget a session, and delete what was not made a blob."""
        self._sessions.pop(session.identifier, None)
        session.close()

    def close(self) -> None:
        """End every session."""
        for session in list(self._sessions.values()):
            self.end(session)

    def _drop_idle(self) -> None:
        limit = monotonic_seconds() - self._idle_seconds
        for session in [s for s in self._sessions.values() if s.touched < limit and not s.busy]:
            self.end(session)

"""Locks between processes, on files: the only module that knows how the operating system does it.

The kernel drops a lock when its holder ends, however it ends; a file that was left behind locks nothing.
"""

import os
import sys
from types import TracebackType

from pycosign.errors import UsageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["FileLock", "LockedError"]

_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)  # the holder's id is written over what is there: never over what a link names


class LockedError(UsageError):
    """Another process holds the lock. `pid` is that process's id, or None when it has not written it yet."""

    code = "locked"

    def __init__(self, path: str, pid: int | None) -> None:
        self.path, self.pid = path, pid
        super().__init__(f"{path} is held by process {pid if pid is not None else 'unknown'}")


def _try_lock(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(fd, 1 << 30, os.SEEK_SET)  # far behind the text: Windows locks are mandatory
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


class FileLock:
    """An exclusive lock on the file at `path` (made if missing), which holds the holder's process id as text.

    `with FileLock(path):` takes it at once or raises LockedError. Not re-entrant: two of them in one process exclude
    each other too. The file stays: removing it would let two processes lock two files of one name.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises: LockedError: another holds it. OSError: no such folder, or a link is in its place."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | _CLOEXEC | _NOFOLLOW, 0o600)
        try:
            if not _try_lock(fd):
                raise LockedError(self.path, _read_pid(fd))
            os.lseek(fd, 0, os.SEEK_SET)
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


def _read_pid(fd: int) -> int | None:
    os.lseek(fd, 0, os.SEEK_SET)
    text = os.read(fd, 32).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() and text.isascii() else None

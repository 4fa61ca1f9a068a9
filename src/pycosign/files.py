"""Files on disk: written so that nobody ever finds half of one, read within a bound."""

import errno
import os
import stat

from pycosign.ambient import random_bytes
from pycosign.errors import MalformedError, UnavailableError, UsageError

__all__ = ["read_bounded", "read_given_file", "write_atomically"]

_IN_PLACE = (errno.EACCES, errno.EPERM, errno.EBUSY)  # e.g. a single file mounted into a container


def write_atomically(path: str, data: bytes, *, mode: int = 0o600) -> None:
    """Put `data` into a file: under another name first, which is then renamed. A symbolic link is followed.

    A device or a pipe is written to, not replaced; so is a file that exists and cannot be renamed over.

    Args:   mode: of a new file, less the umask; a file that exists gets the same.
    Raises: OSError about `path`; the temporary file is gone then, also when interrupted.
    """
    target = os.path.realpath(path)
    try:
        if _is_special(target):
            _write_in_place(target, data)
            return
        try:
            _write_and_rename(target, data, mode)
        except OSError as exc:
            if exc.errno not in _IN_PLACE or not os.access(target, os.W_OK):
                raise
            _write_in_place(target, data)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, path) from exc


def _write_and_rename(target: str, data: bytes, mode: int) -> None:
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:200]}.{random_bytes(6).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_in_place(target: str, data: bytes) -> None:
    with open(target, "wb") as file:
        file.write(data)


def _is_special(target: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(target).st_mode)
    except FileNotFoundError:
        return False


def read_bounded(path: str, max_bytes: int) -> bytes | None:
    """A file's bytes; None when there is no such file.

    Raises: OSError: it cannot be read, or is larger than `max_bytes` (EFBIG).
    """
    try:
        with open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"is larger than {max_bytes} bytes", path)
    return data


def read_given_file(path: str, max_bytes: int) -> bytes:
    """The bytes of a file that the caller named.

    Raises: UsageError: there is none, or it is a directory; MalformedError: it is larger than `max_bytes`;
            UnavailableError: it cannot be read.
    """
    try:
        content = read_bounded(path, max_bytes)
    except IsADirectoryError as exc:
        raise UsageError(f"{path}: is a directory") from exc
    except OSError as exc:
        if exc.errno == errno.EFBIG:
            raise MalformedError(path, f"is larger than {max_bytes} bytes") from exc
        raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="unavailable.file") from exc
    if content is None:
        raise UsageError(f"{path}: no such file")
    return content

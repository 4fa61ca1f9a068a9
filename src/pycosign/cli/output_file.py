"""`--output-file`: what a command prints, kept in memory and put into the file when the command ends."""

import io
import os
import stat

from pycosign.errors import UsageError

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["OutputFile"]


class OutputFile:
    """The file of `--output-file`, as a context manager.

    Opening fails before the command runs if the file cannot be made. An interrupted command leaves what was there; one
    that fails leaves what it had printed, as a shell's redirection would. A device or pipe is written to, not replaced.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.stream = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", newline="\n")
        self._is_new = not os.path.exists(path)
        try:
            with open(path, "ab") as existing:
                self._is_regular = stat.S_ISREG(os.fstat(existing.fileno()).st_mode)
        except OSError as exc:
            reason = (exc.strerror or str(exc)).lower()
            raise UsageError(f"error creating output file {path}: open {path}: {reason}", code="usage.file") from exc

    def __enter__(self) -> "OutputFile":
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        problem: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):  # interrupted
            if self._is_new:
                os.unlink(self.path)
            return
        self.stream.flush()
        printed = self.stream.buffer.getvalue()
        if self._is_regular:
            from pycosign.files import write_atomically

            write_atomically(self.path, printed, mode=stat.S_IMODE(os.stat(self.path).st_mode))
        else:
            with open(self.path, "wb") as device:
                device.write(printed)

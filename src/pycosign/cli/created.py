"""Where the commands that make a document put it: the file of `--out`, or standard output."""

TYPE_CHECKING = False  # commands import this beside their tables, which must stay cheap
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["put_document", "read_part"]


def put_document(data: bytes, args: "Values", context: "Context") -> None:
    """Write the document to the file of `--out`, in place of what was there; else print it and a newline."""
    if args.text("out"):
        from pycosign.files import write_atomically

        write_atomically(args.text("out"), data)
    else:
        context.put_bytes(data + b"\n")


def read_part(path: str) -> bytes:
    """A file that a flag names. Raises: UsageError, in Cosign's words, if there is none."""
    from pycosign.errors import MalformedError, UnavailableError, UsageError
    from pycosign.files import read_bounded
    from pycosign.limits import BUNDLE_BYTES

    try:
        content = read_bounded(path, BUNDLE_BYTES)
    except IsADirectoryError as exc:
        raise UsageError(f"read {path}: is a directory", code="usage.file") from exc
    except OSError as exc:
        if exc.strerror and "larger" in exc.strerror:
            raise MalformedError(path, f"is larger than {BUNDLE_BYTES} bytes") from exc
        reason = (exc.strerror or str(exc)).lower()
        raise UnavailableError(f"open {path}: {reason}", code="unavailable.file") from exc
    if content is None:
        raise UsageError(f"open {path}: no such file or directory", code="usage.file")
    return content

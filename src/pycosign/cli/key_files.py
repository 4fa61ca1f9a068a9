"""Writing both files of a key pair, and saying so."""

TYPE_CHECKING = False  # commands import this beside their tables, which must stay cheap
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.keys.pair import KeyPair

__all__ = ["write_key_pair"]


def write_key_pair(pair: "KeyPair", prefix: str, context: "Context", *, overwrite: bool) -> None:
    """Write PREFIX.key (mode 0600) and PREFIX.pub (0644, less the umask).

    Args:   overwrite: do not ask if PREFIX.key exists; the warning is printed all the same.
    Raises: UsageError: the answer was no; OSError.
    """
    import os

    from pycosign.cli.prompts import confirm
    from pycosign.files import write_atomically

    private, public = f"{prefix}.key", f"{prefix}.pub"
    if os.path.exists(private):
        context.warn(f"File {private} already exists. Overwrite?")
        if not overwrite:
            confirm(context)
    write_atomically(private, pair.private_pem, mode=0o600)
    context.say(f"Private key written to {private}")
    write_atomically(public, pair.public_pem, mode=0o644)
    context.say(f"Public key written to {public}")

"""The addresses of services that flags name."""

from pycosign.errors import UsageError

TYPE_CHECKING = False  # on the path of commands that only read
if TYPE_CHECKING:
    from pycosign.cli.parser import Values

__all__ = ["service_url"]


def service_url(args: "Values", name: str) -> str:
    """The address that a flag gives, or its default; "" if it is given empty.

    Raises: UsageError: it is no address. Found out by asking, it would be "could not find out", and try again.
    """
    url = args.text(name)
    if not url or not args.given(name):
        return url
    from pycosign.net.exchange import is_http_url

    if not is_http_url(url):
        raise UsageError(f"--{name}: {url!r} is not a URL", hint=f"--{name} takes https://HOST or http://HOST:PORT")
    return url

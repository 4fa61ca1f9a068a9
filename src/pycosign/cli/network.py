"""The HTTP client of a command: its deadline, its user agent, its trace under --verbose. Made only when it is needed."""

TYPE_CHECKING = False  # commands import this on paths that never use the network
if TYPE_CHECKING:
    from collections.abc import Callable

    from pycosign.cli.context import Context
    from pycosign.net.http import HttpClient
    from pycosign.net.tls import TlsOptions

__all__ = ["http_maker"]


def http_maker(context: "Context", tls: "TlsOptions | None" = None) -> "Callable[[], HttpClient]":
    """What makes a client under the command's deadline. Nothing of `net` is imported until it is called."""

    def make() -> "HttpClient":
        from pycosign.net.http import HttpClient

        return HttpClient(context.deadline, tls=tls, trace=context.say if context.verbose else None)

    return make

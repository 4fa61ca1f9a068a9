"""Where an identity token comes from: the argument, the surroundings, or a flow with a person."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pycosign.clients.oauth import OauthClient
from pycosign.clients.oidc import IdentityToken, ambient_token, token_from_argument
from pycosign.errors import UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient

__all__ = ["FLOWS", "TokenRequest", "obtain_token"]

FLOWS = ("normal", "device", "token", "client_credentials")


class TokenRequest(NamedTuple):
    """Everything that decides how a token is obtained; names as the flags have them."""

    issuer: str | None
    argument: str = ""  # --identity-token
    flow: str = ""  # --fulcio-auth-flow: one of FLOWS, "" chooses
    client: OauthClient = OauthClient()
    redirect_uri: str = ""
    provider: str = ""  # --oidc-provider
    use_ambient: bool = True
    interactive: bool = False  # a person is at the terminal


def obtain_token(
    request: TokenRequest,
    *,
    http: HttpClient,
    environ: Mapping[str, str],
    deadline: Deadline,
    show: Callable[[str], None],
    confirm: Callable[[], None] = lambda: None,
    open_browser: Callable[[str], bool] = lambda url: False,
) -> IdentityToken:
    """Get a token: the argument wins, then the surroundings, then a flow.

    Args:   confirm: called before a browser is opened (the privacy statement); raises to decline.
    Raises: UsageError: no way to get one; UnavailableError; ServiceRejectedError; MalformedError.
    Source: sigstore/cosign, internal/auth/auth.go (the order).
    """
    if request.flow and request.flow not in FLOWS:
        raise UsageError(f"unsupported auth flow: {request.flow}", hint=f"one of {', '.join(FLOWS)}")
    if request.argument:
        return token_from_argument(request.argument)
    if request.flow == "token":
        raise UsageError("the flow `token` needs --identity-token")
    if request.use_ambient and not request.flow:
        token = ambient_token(environ, provider=request.provider)
        if token is not None:
            return token
    if request.issuer is None:
        raise UsageError(
            "no OIDC issuer is configured", hint="give --identity-token, or an issuer in the signing config"
        )
    return _run_flow(request, http, deadline, show, confirm, open_browser)


def _run_flow(
    request: TokenRequest,
    http: HttpClient,
    deadline: Deadline,
    show: Callable[[str], None],
    confirm: Callable[[], None],
    open_browser: Callable[[str], bool],
) -> IdentityToken:
    from pycosign.clients import oauth

    assert request.issuer is not None
    flow = request.flow or ("normal" if request.interactive else "device")
    if flow == "device" and not request.flow:
        show("Non-interactive mode detected, using device flow.")
    if flow == "normal":
        confirm()
    provider = oauth.discover(http, request.issuer)
    if flow == "client_credentials":
        return oauth.client_credentials_token(http, provider, request.client)
    if flow == "device":
        return oauth.device_token(http, provider, request.client, show=show, deadline=deadline)
    from pycosign.clients.browser import browser_token

    return browser_token(
        http,
        provider,
        request.client,
        open_browser=open_browser,
        show=show,
        deadline=deadline,
        redirect_uri=request.redirect_uri,
    )

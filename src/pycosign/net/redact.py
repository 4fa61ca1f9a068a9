"""What may not appear in a log line, an error message or `--verbose` output: tokens and passwords."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["REDACTED", "redact_header", "redact_text", "redact_url"]

REDACTED = "<redacted>"

_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-vault-token",
        "x-amz-security-token",
        "private-token",
        "x-registry-auth",
    }
)
# Query parameters that are, or carry, a secret: OAuth, and the signed URLs that registries redirect to.
_SECRET_PARAMETERS = re.compile(
    r"(?i)^(.*token.*|.*secret.*|password|passwd|pwd|assertion|client_assertion|code|code_verifier|sig|signature"
    r"|x-amz-(signature|credential)|x-goog-(signature|credential)|jwt|key|api_?key|policy|key-pair-id)$"
)
# Each takes linear time: a pattern that may begin at every character of a run must not run to its end each time.
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SCHEME = re.compile(r"(?i)\b(bearer|basic|token)(\s+)[A-Za-z0-9._~+/=-]{6,}")
_USERINFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,31}://)[^/\s@?#]+@")
_PAIR = re.compile(
    r'(?i)("?\b(?:password|passwd|secret|client_secret|access_token|refresh_token|id_token|identitytoken'
    r'|registrytoken|token|auth)"?\s*[:=]\s*"?)[^\s"&,}]{3,}'
)


def redact_url(url: str) -> str:
    """The URL without user name, password and secret query values. What is not a URL goes through `redact_text`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return redact_text(url)
    if not parts.scheme or host is None:
        return redact_text(url)
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(_SECRET_PARAMETERS.match(name) for name, _ in pairs):
            query = urlencode([(n, "REDACTED" if _SECRET_PARAMETERS.match(n) else v) for n, v in pairs], safe=":/,")
    return _JWT.sub(REDACTED, urlunsplit((parts.scheme, netloc, parts.path, query, "")))


def redact_header(name: str, value: str) -> str:
    """The value of a header as it may be shown."""
    lower = name.lower()
    if lower in _SECRET_HEADERS:
        scheme, space, rest = value.partition(" ")
        return f"{scheme} {REDACTED}" if space and rest and scheme.isalpha() else REDACTED
    if lower in ("location", "link", "referer"):
        return redact_text(redact_url(value))
    return redact_text(value)


def redact_text(text: str) -> str:
    """Text with everything that looks like a token, a password or a URL's user information blotted out."""
    text = _JWT.sub(REDACTED, text)
    text = _SCHEME.sub(rf"\1\2{REDACTED}", text)
    text = _USERINFO.sub(r"\1", text)
    return _PAIR.sub(rf"\1{REDACTED}", text)

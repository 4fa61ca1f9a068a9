"""Which names an authority may certify. Source: RFC 5280, 4.2.1.10.

Where readers of the RFC differ, the one that refuses is followed: "example.com" permits the mail of that host alone, as
the RFC has it, but excludes that of every host below it too, as Go does. What is not compared here (directory and
other names) is refused wherever an authority constrains it: Go refuses it where the extension is critical.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.crypto.extensions import AlternativeName, parse_general_name
from pycosign.errors import MalformedError
from pycosign.limits import NAME_COMPARISONS, NAME_SUBTREES
from pycosign.record import Record

__all__ = ["NameConstraints", "forbidden_name", "parse_name_constraints"]

_ADDRESS: Final = "[7]"
_ADDRESS_BYTES: Final = (4, 16)  # IPv4, IPv6; a range is an address and a mask of the same length
_HOST: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}", re.IGNORECASE)  # no IPv4 address
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#@:\[\]\\]*)(?::[0-9]*)?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)


class NameConstraints(Record):
    """Subtrees of names, each by its kind and its base, as `AlternativeName` has them."""

    permitted: tuple[AlternativeName, ...]
    excluded: tuple[AlternativeName, ...]


def parse_name_constraints(value: bytes, what: str) -> NameConstraints:
    """The subtrees of the extension; at least one.

    Raises: MalformedError: not DER, a minimum or maximum (RFC 5280 forbids both), or a base that is no host, no mail
            address and no range.
    """
    fields = read_der(value, SEQUENCE, f"{what} name constraints")
    permitted = _subtrees(fields.optional_context(0))
    excluded = _subtrees(fields.optional_context(1))
    fields.finish()
    if not permitted and not excluded:
        raise MalformedError(fields.what, "are empty")
    return NameConstraints(permitted, excluded)


def _subtrees(fields: DerReader | None) -> tuple[AlternativeName, ...]:
    bases: list[AlternativeName] = []
    while fields is not None and not fields.at_end():
        if len(bases) == NAME_SUBTREES:
            raise MalformedError(fields.what, f"have more than {NAME_SUBTREES} subtrees")
        subtree = fields.sequence()
        base = parse_general_name(subtree)
        subtree.finish()
        if not _is_base(base):
            raise MalformedError(fields.what, f"have a subtree that names nothing: {base.kind} {base.value[:100]!a}")
        bases.append(base)
    return tuple(bases)


def _is_base(base: AlternativeName) -> bool:
    if base.kind == _ADDRESS:
        return len(_address(base.value)) // 2 in _ADDRESS_BYTES and len(_address(base.value)) % 2 == 0
    if base.kind == "email" and "@" in base.value:
        return _mailbox(base.value) is not None
    return base.kind not in _MATCHERS or not base.value or _HOST.fullmatch(base.value.removeprefix(".")) is not None


def forbidden_name(constraints: NameConstraints, names: Sequence[AlternativeName]) -> str | None:
    """Why an authority with these constraints may not stand above certificates of these names; None: it may.

    A name of a kind that no subtree constrains is permitted.
    """
    bases = (*constraints.permitted, *constraints.excluded)
    if len(bases) * len(names) > NAME_COMPARISONS:
        return f"constrains names by {len(bases)} subtrees, too many for {len(names)} names"
    kinds = {base.kind for base in bases}
    for kind in sorted(kinds - _MATCHERS.keys()):
        return f"constrains names of a kind that is not compared: {kind}"
    for name in names:
        if name.kind not in kinds:
            continue
        if not _is_comparable(name):
            return f"constrains names, and {name.value[:200]!a} cannot be compared with them"
        matches = _MATCHERS[name.kind]
        if any(matches(name.value, base.value, True) for base in constraints.excluded if base.kind == name.kind):
            return f"excludes the name {name.value[:200]!a}"
        permitted = [base for base in constraints.permitted if base.kind == name.kind]
        if permitted and not any(matches(name.value, base.value, False) for base in permitted):
            return f"does not permit the name {name.value[:200]!a}"
    return None


def _is_comparable(name: AlternativeName) -> bool:
    if name.kind == "email":
        return _mailbox(name.value) is not None
    if name.kind == "uri":
        return _host_of_uri(name.value) is not None
    if name.kind == "dns":
        return _HOST.fullmatch(name.value) is not None
    return len(_address(name.value)) in _ADDRESS_BYTES


# ---- one kind each: whether a comparable name lies in a subtree ----
# `widely`: also where readers of the RFC differ, as they do about mail and URIs but not about hosts and addresses.
def _email_in(name: str, base: str, widely: bool) -> bool:
    local, _, host = name.rpartition("@")
    wanted, at, host_base = base.rpartition("@")
    if not at:
        return _host_in(host, base, widely)
    same_local = local.lower() == wanted.lower() if widely else local == wanted
    return same_local and host.lower() == host_base.lower()


def _uri_in(name: str, base: str, widely: bool) -> bool:
    return _host_in(_host_of_uri(name) or "", base, widely)


def _dns_in(name: str, base: str, widely: bool) -> bool:
    return _host_in(name, base, True)


def _host_in(host: str, base: str, below_too: bool) -> bool:
    """An empty base is every host; one with a point in front the hosts below it, without it the host itself."""
    host, base = host.lower(), base.lower()
    if not base or host == base:
        return True
    return (base[0] == "." or below_too) and host.endswith("." + base.removeprefix("."))


def _address_in(name: str, base: str, widely: bool) -> bool:
    address, both = _address(name), _address(base)
    network, mask = both[: len(both) // 2], both[len(both) // 2 :]
    return len(address) == len(mask) and all(a & m == n & m for a, n, m in zip(address, network, mask, strict=True))


_MATCHERS: Final[dict[str, Callable[[str, str, bool], bool]]] = {
    "email": _email_in,
    "dns": _dns_in,
    "uri": _uri_in,
    _ADDRESS: _address_in,
}


def _mailbox(text: str) -> tuple[str, str] | None:
    local, at, host = text.rpartition("@")
    return (local, host) if at and local and "@" not in local and _HOST.fullmatch(host) else None


def _host_of_uri(text: str) -> str | None:
    """The host of a URI with an authority; None: it has none, an address, or a user before it."""
    found = _URI.fullmatch(text)
    return found[1] if found is not None and _HOST.fullmatch(found[1]) else None


def _address(element_hex: str) -> bytes:
    """The content of the element: `AlternativeName` holds the whole of it."""
    return bytes.fromhex(element_hex)[2:]

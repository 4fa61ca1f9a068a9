"""Which names an authority may certify. Source: RFC 5280, 4.2.1.10.

Where readers of the RFC differ, the one that refuses is followed: "example.com" permits the mail of that host alone, as
the RFC has it, but excludes that of every host below it too, as Go does. What is not compared here (directory and
other names) is refused wherever an authority constrains it: Go refuses it where the extension is critical.
"""

import re
from collections.abc import Sequence, Set
from typing import Final

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.crypto.extensions import AlternativeName, parse_general_name
from pycosign.errors import MalformedError
from pycosign.limits import NAME_COMPARISONS, NAME_SUBTREES
from pycosign.record import Record

__all__ = ["NameConstraints", "forbidden_name", "parse_name_constraints"]

_ADDRESS: Final = "[7]"
_COMPARED: Final = frozenset(("email", "dns", "uri", _ADDRESS))
_ADDRESS_BYTES: Final = (4, 16)  # IPv4, IPv6; a range is an address and a mask of the same length
_HOST: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}", re.IGNORECASE)  # no IPv4 address
_LOCAL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+", re.IGNORECASE)  # without quotes; RFC 5322, dot-atom
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
        return len(_address(base.value)) in [2 * size for size in _ADDRESS_BYTES]
    if base.kind == "email" and "@" in base.value:
        return _comparable(base) is not None
    return base.kind not in _COMPARED or not base.value or _HOST.fullmatch(base.value.removeprefix(".")) is not None


def forbidden_name(constraints: NameConstraints, names: Sequence[AlternativeName]) -> str | None:
    """Why an authority with these constraints may not stand above certificates of these names; None: it may.

    A name of a kind that no subtree constrains is permitted if it is one. Identities are compared as text: else a mail
    address that is written as a URI or a host would get past constraints of mail.
    """
    bases = (*constraints.permitted, *constraints.excluded)
    if len(bases) * len(names) > NAME_COMPARISONS:
        return f"constrains names by {len(bases)} subtrees, too many for {len(names)} names"
    kinds = {base.kind for base in bases}
    if kinds - _COMPARED:
        return f"constrains names of a kind that is not compared: {min(kinds - _COMPARED)}"
    for name in names:
        for kind, place in _readings(name, kinds):
            if place is None:
                return f"constrains names, and {name.value[:200]!a} cannot be compared with them"
            if any(_is_in(place, base, widely=True) for base in constraints.excluded if base.kind == kind):
                return f"excludes the name {name.value[:200]!a}"
            permitted = [base for base in constraints.permitted if base.kind == kind]
            if permitted and not any(_is_in(place, base, widely=False) for base in permitted):
                return f"does not permit the name {name.value[:200]!a}"
    return None


def _readings(name: AlternativeName, kinds: Set[str]) -> list[tuple[str, tuple[str, str] | None]]:
    """The name made comparable, as each kind that it can be read as; None: it is no name of its own kind.

    No text is a mail address, a host and a URI at once. An other name is any text: it is held to the constraints of the
    kind that it looks like, and what merely looks like a mail address or a URI cannot be compared.
    """
    if name.kind in _COMPARED:
        if name.kind == "dns" and "dns" not in kinds:
            name = AlternativeName("dns", name.value.removeprefix("*."))
        return [(name.kind, _comparable(name))]
    if name.kind != "other-name":
        return []
    looks = "uri" if "://" in name.value else "email" if "@" in name.value else "dns"
    if looks not in kinds:
        return []
    place = _comparable(AlternativeName(looks, name.value.rstrip(".") if looks == "dns" else name.value))
    return [] if looks == "dns" and place is None else [(looks, place)]


def _comparable(name: AlternativeName) -> tuple[str, str] | None:
    """What stands before the host ("" but in mail), and the host in lower case, or the address in hexadecimal.

    None: readers could disagree about the host, or there is none.
    """
    if name.kind == _ADDRESS:
        address = _address(name.value)
        return ("", address.hex()) if len(address) in _ADDRESS_BYTES else None
    local, host = "", name.value
    if name.kind == "email":
        local, _, host = host.rpartition("@")
        if not _LOCAL.fullmatch(local):
            return None
    elif name.kind == "uri":
        found = _URI.fullmatch(host)
        host = "" if found is None else found[1]
    return (local, host.lower()) if _HOST.fullmatch(host) else None


def _is_in(place: tuple[str, str], base: AlternativeName, *, widely: bool) -> bool:
    """Whether a name, made comparable, lies in a subtree of its kind.

    widely: also where readers of the RFC differ, as they do about mail and URIs but not about hosts and addresses.
    """
    local, host = place
    if base.kind == _ADDRESS:
        return _is_address_in(bytes.fromhex(host), _address(base.value))
    if base.kind == "email" and "@" in base.value:
        wanted, _, wanted_host = base.value.rpartition("@")
        is_same_box = local == wanted or (widely and local.lower() == wanted.lower())
        return is_same_box and host == wanted_host.lower()
    return _is_host_in(host, base.value.lower(), below_too=widely or base.kind == "dns")


def _is_host_in(host: str, base: str, *, below_too: bool) -> bool:
    """An empty base is every host; one with a point in front the hosts below it, without it the host itself."""
    if not base or host == base:
        return True
    return (base[0] == "." or below_too) and host.endswith("." + base.removeprefix("."))


def _is_address_in(address: bytes, network: bytes) -> bool:
    """`network`: an address, then the mask of the bits that count."""
    first, mask = network[: len(network) // 2], network[len(network) // 2 :]
    return len(address) == len(mask) and all(a & m == n & m for a, n, m in zip(address, first, mask, strict=True))


def _address(element_hex: str) -> bytes:
    """The content of the element: `AlternativeName` holds the whole of it."""
    return bytes.fromhex(element_hex)[2:]

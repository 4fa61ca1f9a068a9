"""Names that an authority may certify: each kind, every way to look like a permitted one, and whole paths."""

import ipaddress
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.der_writer import der_context, der_element, der_sequence
from pycosign.crypto.certificate import Certificate
from pycosign.crypto.extensions import CODE_SIGNING, AlternativeName, parse_alternative_names
from pycosign.crypto.name_constraints import forbidden_name, parse_name_constraints
from pycosign.crypto.path import build_path
from pycosign.errors import InvalidCertificatePathError, MalformedError
from pycosign.limits import NAME_COMPARISONS, NAME_SUBTREES
from tests.crypto.authority import NOW, Issued, authority, signer

ROOT = authority("root")
TAGS = {"email": 0x81, "dns": 0x82, "uri": 0x86, "address": 0x87}


def element(kind: str, value: str | bytes) -> bytes:
    return der_element(TAGS[kind], value if isinstance(value, bytes) else value.encode())


def subtrees(*bases: bytes) -> bytes:
    return b"".join(der_sequence(base) for base in bases)


def verdict(value: bytes, *names: bytes) -> str | None:
    constraints = parse_name_constraints(value, "authority")
    return forbidden_name(constraints, parse_alternative_names(der_sequence(*names), "leaf"))


def permits(kind: str, base: str | bytes, name: str | bytes) -> bool:
    return verdict(der_sequence(der_context(0, subtrees(element(kind, base)))), element(kind, name)) is None


def excludes(kind: str, base: str | bytes, name: str | bytes) -> bool:
    return verdict(der_sequence(der_context(1, subtrees(element(kind, base)))), element(kind, name)) is not None


# kind, base, name, whether it is permitted by the base, whether it is excluded by it
CASES = [
    ("email", "corp.example", "dev@corp.example", True, True),
    ("email", "corp.example", "dev@CORP.example", True, True),
    ("email", "corp.example", "dev@eu.corp.example", False, True),  # Go permits it, RFC 5280 and OpenSSL do not
    ("email", ".corp.example", "dev@eu.corp.example", True, True),
    ("email", ".corp.example", "dev@corp.example", False, False),
    ("email", "corp.example", "dev@evilcorp.example", False, False),
    ("email", ".corp.example", "dev@evilcorp.example", False, False),
    ("email", "corp.example", "dev@corp.example.evil.example", False, False),
    ("email", "dev@corp.example", "dev@Corp.example", True, True),
    ("email", "dev@corp.example", "DEV@corp.example", False, True),  # the left side may be case-sensitive
    ("email", "dev@corp.example", "other@corp.example", False, False),
    ("email", "", "dev@anything.example", True, True),
    ("email", "corp.example", "corp.example", False, True),  # no mailbox: cannot be compared
    ("email", "corp.example", "dev@evil.example@corp.example", False, True),
    ("email", "corp.example", "https://ci.example/job@corp.example", False, True),  # a URI, for who compares texts
    ("email", "corp.example", '"dev"@corp.example', False, True),
    ("email", "corp.example", "dev@", False, True),
    ("email", "corp.example", "@corp.example", False, True),
    ("email", "corp.example", "dev@corp.example.", False, True),
    ("uri", "corp.example", "https://corp.example/path", True, True),
    ("uri", "corp.example", "https://CORP.example:8443/path?q#f", True, True),
    ("uri", "corp.example", "spiffe://corp.example/ns/build", True, True),
    ("uri", "corp.example", "https://ci.corp.example/", False, True),  # Go permits it, RFC 5280 and OpenSSL do not
    ("uri", ".corp.example", "https://ci.corp.example/", True, True),
    ("uri", ".corp.example", "https://corp.example/", False, False),
    ("uri", "corp.example", "https://evil.example/corp.example", False, False),
    ("uri", "corp.example", "https://evil.example#@corp.example", False, False),
    ("uri", "corp.example", "https://evil.example?@corp.example", False, False),
    ("uri", "corp.example", "https://corp.example@evil.example/", False, True),  # none of these can be compared
    ("uri", "corp.example", "https://evil.example\\@corp.example/", False, True),
    ("uri", "corp.example", "https://corp.example%2eevil.example/", False, True),
    ("uri", "corp.example", "https://corp.example:x/", False, True),
    ("uri", "corp.example", "https:///corp.example", False, True),
    ("uri", "corp.example", "urn:corp.example", False, True),
    ("uri", "corp.example", "https://127.0.0.1/", False, True),
    ("uri", "corp.example", "https://[::1]/", False, True),
    ("dns", "corp.example", "corp.example", True, True),
    ("dns", "corp.example", "ci.corp.example", True, True),
    ("dns", "corp.example", "evilcorp.example", False, False),
    ("dns", ".corp.example", "corp.example", False, False),
    ("dns", "ci.corp.example", "*.corp.example", False, True),
    ("dns", "", "anything.example", True, True),
    ("address", bytes((10, 1, 0, 0, 255, 255, 0, 0)), bytes((10, 1, 2, 3)), True, True),
    ("address", bytes((10, 1, 0, 0, 255, 255, 0, 0)), bytes((10, 2, 2, 3)), False, False),
    ("address", bytes(8), bytes((10, 2, 2, 3)), True, True),
    ("address", bytes(8), bytes(16), False, False),
    ("address", bytes(32), bytes(16), True, True),
    ("address", bytes(8), bytes(5), False, True),
]


@pytest.mark.parametrize(("kind", "base", "name", "permitted", "excluded"), CASES)
def test_a_name_lies_inside_a_subtree_or_outside(
    kind: str, base: str | bytes, name: str | bytes, permitted: bool, excluded: bool
) -> None:
    assert permits(kind, base, name) is permitted
    assert excludes(kind, base, name) is excluded


def test_names_of_a_kind_without_subtrees_are_permitted() -> None:
    value = der_sequence(der_context(0, subtrees(element("email", "corp.example"))))
    assert verdict(value, element("uri", "https://anything.example/")) is None


MAIL_ELSEWHERE = b"boss@other.example"


def other_name(text: str) -> bytes:
    """A user's name, as Fulcio writes it."""
    value = der_context(0, der_element(0x0C, text.encode()))
    return der_element(0xA0, der_element(0x06, bytes.fromhex("2b0601040183bf300107")) + value)


OTHER_NAME = other_name("boss@other.example")


@pytest.mark.parametrize(
    "name",
    [
        element("uri", MAIL_ELSEWHERE),
        element("uri", b"mailto:" + MAIL_ELSEWHERE),
        element("dns", MAIL_ELSEWHERE),
        OTHER_NAME,
        *map(other_name, ('"boss"@other.example', "the boss@other.example", "bö@other.example", "x@y@other.example")),
        other_name("boss@other.example."),
    ],
)
def test_a_name_that_is_written_as_one_of_another_kind_is_not_permitted(name: bytes) -> None:
    """The text of an identity is compared whatever its kind, so that `boss@other.example` would be boss."""
    assert verdict(der_sequence(der_context(0, subtrees(element("email", "corp.example")))), name) is not None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("uri", "https://evil.example/x"),
        ("uri", "https://u@corp.example/x"),
        ("uri", "https://1.2.3.4/x"),
        ("dns", "evil.example"),
        ("dns", "evil.example."),
    ],
)
def test_a_user_s_name_is_held_to_what_it_looks_like(kind: str, text: str) -> None:
    value = der_sequence(der_context(0, subtrees(element(kind, "corp.example"))))
    assert verdict(value, other_name(text)) is not None
    assert verdict(value, other_name("boss!corp")) is None


def test_what_an_other_name_does_not_look_like_does_not_forbid_it() -> None:
    value = der_sequence(der_context(0, subtrees(element("uri", "corp.example"), element("dns", "corp.example"))))
    assert verdict(value, OTHER_NAME) is None


@pytest.mark.parametrize("name", ["*.other.example", "ci.other.example"])
def test_hosts_are_permitted_where_only_mail_is_constrained(name: str) -> None:
    value = der_sequence(der_context(0, subtrees(element("email", "corp.example"))))
    assert verdict(value, element("dns", name)) is None


def test_every_name_must_be_permitted_by_one_subtree_and_excluded_by_none() -> None:
    mail, hosts = element("email", "corp.example"), element("email", ".corp.example")
    value = der_sequence(
        der_context(0, subtrees(mail, hosts)), der_context(1, subtrees(element("email", "root@corp.example")))
    )
    good, below = element("email", "dev@corp.example"), element("email", "dev@ci.corp.example")
    assert verdict(value, good, below) is None
    problem = verdict(value, good, element("email", "dev@evil.example"))
    assert problem == "does not permit the name 'dev@evil.example'"
    assert verdict(value, good, element("email", "root@corp.example")) == "excludes the name 'root@corp.example'"


MAIL = der_element(0x81, b"corp.example")
BAD = {
    "empty": der_sequence(),
    "an empty list": der_sequence(der_context(0, b"")),
    "excluded before permitted": der_sequence(der_context(1, subtrees(MAIL)), der_context(0, subtrees(MAIL))),
    "a minimum": der_sequence(der_context(0, der_sequence(MAIL, b"\x80\x01\x01"))),
    "a maximum": der_sequence(der_context(0, der_sequence(MAIL, b"\x81\x01\x05"))),
    "no sequence around a base": der_sequence(der_context(0, MAIL)),
    "bytes after it": der_sequence(der_context(0, subtrees(MAIL))) + b"\0",
    "a host with two points": der_sequence(der_context(0, subtrees(element("email", "corp..example")))),
    "two points in front": der_sequence(der_context(0, subtrees(element("uri", "..corp.example")))),
    "a point alone": der_sequence(der_context(0, subtrees(element("dns", ".")))),
    "a wildcard": der_sequence(der_context(0, subtrees(element("dns", "*.corp.example")))),
    "a URI for a host": der_sequence(der_context(0, subtrees(element("uri", "https://corp.example")))),
    "a mailbox without a name": der_sequence(der_context(0, subtrees(element("email", "@corp.example")))),
    "an address without a mask": der_sequence(der_context(0, subtrees(element("address", bytes(4))))),
    "not ASCII": der_sequence(der_context(0, subtrees(element("dns", "c\u00f6rp.example")))),
    "too many": der_sequence(der_context(0, subtrees(*[MAIL] * (NAME_SUBTREES + 1)))),
}


@pytest.mark.parametrize("name", BAD)
def test_constraints_that_mean_nothing_are_malformed(name: str) -> None:
    with pytest.raises(MalformedError):
        parse_name_constraints(BAD[name], "authority")


@pytest.mark.parametrize("field", [0, 1])
def test_names_of_a_kind_that_is_not_compared_may_not_be_constrained(field: int) -> None:
    directory = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp")]))
    lists = [[directory], None] if field == 0 else [None, [directory]]
    value = x509.NameConstraints(*lists).public_bytes()
    problem = verdict(value, element("email", "dev@corp.example"))
    assert problem == "constrains names of a kind that is not compared: [4]"


def test_a_host_is_looked_at_in_linear_time() -> None:
    """A name may be as long as a certificate, and none may cost more than its length."""
    value = der_sequence(der_context(0, subtrees(MAIL)))
    long = "a" * 60_000
    for host in (long, f"{long}!", "1" * 60_000, f"{'a.' * 30_000}!"):
        assert verdict(value, element("email", f"dev@{host}")) is not None
        assert verdict(der_sequence(der_context(0, subtrees(element("uri", "x")))), element("uri", f"https://{host}"))


def test_so_many_names_are_not_compared_with_so_many_subtrees() -> None:
    value = der_sequence(der_context(0, subtrees(*[MAIL] * NAME_SUBTREES)))
    constraints = parse_name_constraints(value, "authority")
    name = AlternativeName("email", "dev@corp.example")
    assert forbidden_name(constraints, [name] * (NAME_COMPARISONS // NAME_SUBTREES)) is None
    problem = forbidden_name(constraints, [name] * (NAME_COMPARISONS // NAME_SUBTREES + 1))
    assert problem == "constrains names by 256 subtrees, too many for 79 names"


@given(st.binary(max_size=200))
def test_whatever_the_bytes_only_malformed_escapes(value: bytes) -> None:
    for raw in (value, der_sequence(der_context(0, value)), der_sequence(der_context(1, der_sequence(value)))):
        try:
            constraints = parse_name_constraints(raw, "authority")
        except MalformedError:
            continue
        assert constraints.permitted or constraints.excluded


@given(st.sampled_from(["email", "dns", "uri"]), st.text(st.characters(codec="ascii"), max_size=40))
def test_a_name_that_a_base_permits_is_excluded_by_it_too(kind: str, name: str) -> None:
    for base in ("corp.example", ".corp.example", ""):
        assert not permits(kind, base, name) or excludes(kind, base, name)


# ---- paths -----------------------------------------------------------------------------------------------------------
def permitting(*names: x509.GeneralName) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.NameConstraints(list(names), None), True)]


def excluding(*names: x509.GeneralName) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.NameConstraints(None, list(names)), True)]


def path(leaf: Issued, *between: Issued, anchor: Issued = ROOT) -> tuple[Certificate, ...]:
    certificates = [item.certificate for item in between]
    return build_path(leaf.certificate, certificates, [anchor.certificate], at=NOW, eku=CODE_SIGNING)


BAR = x509.RFC822Name("bar.com")  # the leaf is foo@bar.com
ELSEWHERE = x509.RFC822Name("corp.example")
NO_ADDRESSES = (
    x509.IPAddress(ipaddress.ip_network("0.0.0.0/0")),
    x509.IPAddress(ipaddress.ip_network("::/0")),
    x509.DNSName(""),
)


@pytest.mark.parametrize("extra", [permitting(BAR), excluding(ELSEWHERE), excluding(*NO_ADDRESSES)])
def test_an_authority_may_certify_what_it_is_constrained_to(extra: Any) -> None:
    between = authority("intermediate", ROOT, extra=extra)
    assert len(path(signer(between), between)) == 3
    root = authority("root", extra=extra)
    assert len(path(signer(root), anchor=root)) == 2


@pytest.mark.parametrize("extra", [permitting(ELSEWHERE), excluding(BAR)])
@pytest.mark.parametrize("place", ["intermediate", "above it", "anchor"])
def test_no_authority_of_the_path_may_forbid_the_name(extra: Any, place: str) -> None:
    none: Any = []
    root = authority("root", extra=extra if place == "anchor" else none)
    upper = authority("upper", root, extra=extra if place == "above it" else none)
    lower = authority("lower", upper, extra=extra if place == "intermediate" else none)
    with pytest.raises(InvalidCertificatePathError, match=r"the name 'foo@bar\.com'"):
        path(signer(lower), lower, upper, anchor=root)


def test_a_name_of_an_intermediate_counts_too() -> None:
    root = authority("root", extra=permitting(BAR))
    named = x509.SubjectAlternativeName([x509.RFC822Name("ca@corp.example")])
    between = authority("intermediate", root, extra=[(named, False)])
    with pytest.raises(InvalidCertificatePathError, match=r"does not permit the name 'ca@corp\.example'"):
        path(signer(between), between, anchor=root)


def test_a_leaf_may_not_have_constraints() -> None:
    with pytest.raises(InvalidCertificatePathError, match="for authorities"):
        path(signer(ROOT, extra=permitting(BAR)))

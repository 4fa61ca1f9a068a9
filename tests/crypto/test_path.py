"""Certificate paths: what leads to an anchor at a moment, and everything that must not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.extensions import CODE_SIGNING, TIME_STAMPING
from pycosign.crypto.path import build_path
from pycosign.errors import InvalidCertificatePathError, MalformedError, NotValidAtTimeError, UsageError
from pycosign.limits import CERTIFICATES
from tests.crypto import authority as make
from tests.crypto.authority import NOW, Issued, authority, key_usage, signer

SECOND = timedelta(seconds=1)
ROOT = authority("root")
INTERMEDIATE = authority("intermediate", ROOT, path_length=0, purposes=[make.CODE_SIGNING])
LEAF = signer(INTERMEDIATE)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def path(
    leaf: Issued, *between: Issued, anchors: tuple[Issued, ...] = (ROOT,), at: datetime = NOW, eku: str = CODE_SIGNING
) -> tuple[Certificate, ...]:
    return build_path(
        leaf.certificate,
        [item.certificate for item in between],
        [item.certificate for item in anchors],
        at=at,
        eku=eku,
    )


def test_a_leaf_leads_over_an_intermediate_to_the_root() -> None:
    assert path(LEAF, INTERMEDIATE) == (LEAF.certificate, INTERMEDIATE.certificate, ROOT.certificate)


def test_a_self_signed_authority_may_issue_leaves() -> None:
    assert path(signer(ROOT))[1:] == (ROOT.certificate,)


def test_an_anchor_need_not_be_self_signed() -> None:
    assert path(LEAF, anchors=(INTERMEDIATE,)) == (LEAF.certificate, INTERMEDIATE.certificate)


def test_an_anchors_own_signature_is_not_looked_at() -> None:
    der = bytearray(ROOT.certificate.der)
    der[-1] ^= 1
    anchor = parse_certificate(bytes(der), "root")
    leaf = signer(ROOT)
    assert build_path(leaf.certificate, [], [anchor], at=NOW, eku=CODE_SIGNING)[1] == anchor


def test_the_order_and_strangers_do_not_matter() -> None:
    stranger = authority("intermediate", authority("root"))
    assert path(LEAF, stranger, INTERMEDIATE, ROOT, anchors=(authority("root"), ROOT))[1] == INTERMEDIATE.certificate


def test_an_authority_with_a_renewed_certificate_is_found_at_either_time() -> None:
    year = timedelta(days=365)
    old = authority("root", not_before=NOW - 2 * year, not_after=NOW - year)
    new = make.certify(
        "root",
        key=old.key,
        extensions=[(x509.BasicConstraints(True, None), True), (key_usage(certify=True), True)],
        not_before=NOW - year,
        not_after=NOW + year,
    )
    assert path(signer(old), anchors=(old, new))[1] == new.certificate


# ---- time ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("end", ["first", "last"])
def test_both_ends_of_a_validity_count(end: str) -> None:
    leaf = LEAF.certificate
    inside = leaf.not_before if end == "first" else leaf.not_after
    outside = inside - SECOND if end == "first" else inside + SECOND
    assert path(LEAF, INTERMEDIATE, at=inside)
    with pytest.raises(NotValidAtTimeError):
        path(LEAF, INTERMEDIATE, at=outside)


@pytest.mark.parametrize("which", ["intermediate", "anchor"])
@pytest.mark.parametrize("shift", [timedelta(days=-2), timedelta(days=2)])
def test_every_certificate_must_be_valid_the_anchor_too(which: str, shift: timedelta) -> None:
    window = {"not_before": NOW - timedelta(days=1) + shift, "not_after": NOW + timedelta(days=1) + shift}
    none: dict[str, Any] = {}
    root = authority("root", **(window if which == "anchor" else none))
    between = authority("intermediate", root, **(window if which == "intermediate" else none))
    with pytest.raises(NotValidAtTimeError, match="root" if which == "anchor" else "intermediate"):
        path(signer(between), between, anchors=(root,))


def test_an_untrusted_certificate_is_untrusted_whatever_the_time() -> None:
    with pytest.raises(InvalidCertificatePathError):
        path(LEAF, INTERMEDIATE, anchors=(authority("root"),), at=NOW + timedelta(days=900))


def test_a_moment_needs_a_time_zone() -> None:
    with pytest.raises(UsageError):
        path(LEAF, INTERMEDIATE, at=NOW.replace(tzinfo=None))


# ---- leaves ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "options",
    [
        {"purposes": [make.TIME_STAMPING]},
        {"usage": key_usage(certify=True)},
        {"extra": [(x509.BasicConstraints(True, None), True)]},
        {"extra": [(UNKNOWN, True)]},
        {"extra": [(x509.PrecertPoison(), True)]},
    ],
    ids=["other purpose", "no signatures", "an authority", "unknown critical", "poison"],
)
def test_a_leaf_that_is_not_for_signing_code_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidCertificatePathError):
        path(signer(ROOT, **options))


@pytest.mark.parametrize(
    "options",
    [
        {"usage": None},
        {"extra": [(UNKNOWN, False)]},
        {"purposes_critical": True},
        {"purposes": ()},  # for any, RFC 5280 says; Cosign takes it so, too
        {"purposes": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]},
    ],
)
def test_what_a_leaf_may_leave_out_or_add(options: dict[str, Any]) -> None:
    assert path(signer(ROOT, **options))


def test_a_timestamp_signer_has_that_one_purpose_and_it_is_critical() -> None:
    good = signer(ROOT, purposes=[make.TIME_STAMPING], purposes_critical=True)
    assert path(good, eku=TIME_STAMPING)
    for bad in (
        signer(ROOT, purposes=[make.TIME_STAMPING]),
        signer(ROOT, purposes=[make.TIME_STAMPING, make.CODE_SIGNING], purposes_critical=True),
        signer(ROOT, purposes=[make.CODE_SIGNING], purposes_critical=True),
        signer(ROOT, purposes=()),
        signer(ROOT, purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], purposes_critical=True),
    ):
        with pytest.raises(InvalidCertificatePathError):
            path(bad, eku=TIME_STAMPING)


def test_an_anchor_is_no_leaf() -> None:
    lonely = make.certify(
        "leaf", extensions=[(x509.ExtendedKeyUsage([make.CODE_SIGNING]), False), (key_usage(sign=True), True)]
    )
    with pytest.raises(InvalidCertificatePathError):
        path(lonely, anchors=(lonely,))


def test_a_bad_extension_in_the_leaf_is_malformed() -> None:
    bad = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.37"), b"\x30\x00")
    leaf = make.certify("leaf", ROOT, extensions=[(bad, False)])
    with pytest.raises(MalformedError):
        path(leaf)


# ---- authorities -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["intermediate", "anchor"])
@pytest.mark.parametrize(
    "options",
    [
        {"is_ca": False},
        {"usage": key_usage(sign=True)},
        {"purposes": [make.TIME_STAMPING]},
        {"extra": [(UNKNOWN, True)]},
        {"extra": [(x509.NameConstraints([x509.RFC822Name("example.com")], None), False)]},
    ],
    ids=["no authority", "may not certify", "other purpose", "unknown critical", "name constraints"],
)
def test_an_authority_that_may_not_have_issued_it_is_refused(place: str, options: dict[str, Any]) -> None:
    root = ROOT if place == "intermediate" else authority("root", **options)
    between = authority("intermediate", root, **(options if place == "intermediate" else {}))
    with pytest.raises(InvalidCertificatePathError):
        path(signer(between), between, anchors=(root,))


@pytest.mark.parametrize(
    "options",
    [
        {"usage": None},
        {"purposes": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]},
        {"purposes": [make.TIME_STAMPING, make.CODE_SIGNING]},
        {"key_ids": False},
    ],
    ids=["no key usage", "any purpose", "several purposes", "no key identifier"],
)
def test_what_an_authority_may_leave_out_or_add(options: dict[str, Any]) -> None:
    between = authority("intermediate", ROOT, **options)
    assert path(signer(between), between)


@pytest.mark.parametrize(("length", "good"), [(None, True), (2, True), (1, True), (0, False)])
def test_the_path_length_counts_authorities_in_between(length: int | None, good: bool) -> None:
    root = authority("root", path_length=length)
    between = authority("intermediate", root)
    leaf = signer(between)
    if good:
        assert path(leaf, between, anchors=(root,))
    else:
        with pytest.raises(InvalidCertificatePathError, match="shorter"):
            path(leaf, between, anchors=(root,))


def test_a_leaf_with_another_issuers_name_is_refused() -> None:
    leaf = make.certify(
        "leaf", ROOT, issuer_name="other", extensions=[(x509.ExtendedKeyUsage([make.CODE_SIGNING]), False)]
    )
    with pytest.raises(InvalidCertificatePathError, match="name"):
        path(leaf)


def test_an_authority_without_a_name_issues_nothing() -> None:
    nameless = authority("")
    with pytest.raises(InvalidCertificatePathError):
        path(signer(nameless), anchors=(nameless,))


def test_another_key_under_the_same_name_is_refused() -> None:
    impostor = authority("root", key_ids=False)
    with pytest.raises(InvalidCertificatePathError, match="does not verify"):
        path(signer(impostor), anchors=(authority("root", key_ids=False),))


def test_a_key_identifier_is_a_hint_and_the_signature_decides() -> None:
    """As in Go: a root that was issued anew may have another one."""
    wrong = x509.AuthorityKeyIdentifier(bytes(20), None, None)
    root = authority("root")
    leaf = make.certify("leaf", root, extensions=[(x509.ExtendedKeyUsage([make.CODE_SIGNING]), False), (wrong, False)])
    assert path(leaf, anchors=(root,))
    with pytest.raises(InvalidCertificatePathError, match="does not verify"):
        path(leaf, anchors=(authority("root"),))


@pytest.mark.parametrize(("oid", "good"), [("2.5.29.32", True), ("2.5.29.54", True), ("2.5.29.36", False)])
def test_policies_are_understood_but_not_a_demand_of_one(oid: str, good: bool) -> None:
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x30\x00")
    between = authority("intermediate", ROOT, extra=[(extension, True)])
    if good:
        assert path(signer(between), between)
    else:
        with pytest.raises(InvalidCertificatePathError, match=oid):
            path(signer(between), between)


def test_evidence_cannot_make_an_authority_of_itself() -> None:
    fake = authority("fake")
    with pytest.raises(InvalidCertificatePathError):
        path(signer(fake), fake)
    with pytest.raises(InvalidCertificatePathError):
        path(signer(fake), fake, anchors=())


# ---- bounds ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("extra", "good"), [(CERTIFICATES - 2, True), (CERTIFICATES - 1, False)])
def test_a_path_is_not_longer_than_the_bound(extra: int, good: bool) -> None:
    chain = [ROOT]
    for number in range(extra):
        chain.append(authority(f"ca {number}", chain[-1]))
    if good:
        assert len(path(signer(chain[-1]), *chain[1:])) == CERTIFICATES
    else:
        with pytest.raises(InvalidCertificatePathError):
            path(signer(chain[-1]), *chain[1:])


def test_authorities_in_a_circle_end() -> None:
    first = authority("a", key_ids=False)
    second = authority("b", first, key_ids=False)
    cross = make.certify(
        "a",
        second,
        key=first.key,
        extensions=[(x509.BasicConstraints(True, None), True)],
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=1),
    )
    with pytest.raises(InvalidCertificatePathError):
        path(signer(second), second, cross, first)


def test_many_ways_do_not_take_many_signatures() -> None:
    """Nine copies of two authorities that sign each other: the ways between them are thousands."""
    first = authority("a", key_ids=False)
    second = authority("b", key_ids=False)
    window = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=1)}
    copies = []
    for subject, own, other in (("a", first, second), ("b", second, first)):
        for number in range(9):
            extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(True, None), True)]
            copies.append(
                make.certify(subject, other, key=own.key, extensions=extensions, serial=number + 1, **window)  # type: ignore[arg-type]
            )
    with pytest.raises(InvalidCertificatePathError, match="too many ways"):
        path(signer(first), *copies)

"""A PKI of one's own: pycosign says of its certificates what Cosign says, but for what docs/compatibility.md lists.

The signatures are made here, with the library's keys; each tool verifies them as loose files (with the chain, or with
roots and intermediates) and as bundles under a trust root of that PKI. Images are signed by one tool and verified by
another.
"""

import base64
import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pycosign.codec.pem import format_pem
from pycosign.wire.bundle import Bundle, MessageSignature, format_bundle
from tests.interop.environment import Result
from tests.interop.matrix import Failed, Row, Stage, accepts, new_image, refuses
from tests.interop.tools import Tool
from tests.verify.issuing import Issued, key_usage, make_authority, new_builder, p256_key, signer_of

MAIL, HOST, PAGE, ISSUER = (
    "dev@corp.example",
    "build.corp.example",
    "https://corp.example/ci",
    "https://idp.corp.example",
)
ANYBODY = ("--certificate-identity-regexp", ".*", "--certificate-oidc-issuer-regexp", ".*")
_CODE = ExtendedKeyUsageOID.CODE_SIGNING
_ISSUER_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_WAIVING = ("--insecure-ignore-tlog", "--insecure-ignore-sct")
_DAY = timedelta(days=1)
_MAIL, _HOST, _PAGE = x509.RFC822Name(MAIL), x509.DNSName(HOST), x509.UniformResourceIdentifier(PAGE)
_DIRECTORY = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp")]))


def who(name: str, issuer: str = ISSUER) -> tuple[str, ...]:
    """The demand for exactly this one."""
    return ("--certificate-identity", name, "--certificate-oidc-issuer", issuer)


def by_name(name: str) -> tuple[str, ...]:
    """The demand for this name, whoever vouched for it."""
    return ("--certificate-identity", name, "--certificate-oidc-issuer-regexp", ".*")


class Case(NamedTuple):
    """A certificate, who is demanded, and what is said of it: as loose files, and in a bundle.

    ours: where pycosign refuses what Cosign accepts, as docs/compatibility.md says: "files", "bundle" or both.
    """

    demand: tuple[str, ...]
    files: bool
    bundle: bool
    names: tuple[x509.GeneralName, ...] = (_MAIL,)
    issuer: str = ISSUER
    eku: tuple[ObjectIdentifier, ...] = (_CODE,)
    usage: tuple[str, ...] = ("digital_signature",)
    start: timedelta = -_DAY
    end: timedelta = _DAY
    ours: tuple[str, ...] = ()
    is_own_authority: bool = False


CASES = {
    "as Fulcio makes them": Case(who(MAIL), True, True),
    "another address": Case(who("x@corp.example"), False, False),
    "another issuer": Case(who(MAIL, "https://x.example"), False, False),
    "no issuer": Case(by_name(MAIL), True, True, issuer=""),
    "no issuer, and anybody": Case(ANYBODY, True, True, issuer=""),
    "no issuer where one is demanded": Case(who(MAIL), False, False, issuer=""),
    "a page": Case(who(PAGE), True, True, names=(_PAGE,)),
    "a host": Case(who(HOST), True, False, names=(_HOST,)),
    "several names, the first": Case(who(MAIL), True, True, names=(_MAIL, _HOST), ours=("bundle",)),
    "several names, the last": Case(who(HOST), True, False, names=(_DIRECTORY, _MAIL, _PAGE, _HOST)),
    "several names, none of them": Case(who("x"), False, False, names=(_MAIL, _HOST)),
    "no name": Case(ANYBODY, False, False, names=()),
    "an address of a network": Case(
        ANYBODY, True, False, names=(x509.IPAddress(ip_address("192.0.2.1")),), ours=("files",)
    ),
    "no purpose": Case(who(MAIL), True, True, eku=()),
    "any purpose": Case(who(MAIL), True, True, eku=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
    "the purpose of a web server": Case(who(MAIL), False, False, eku=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "no key usage": Case(who(MAIL), True, True, usage=()),
    "a key for agreement": Case(who(MAIL), True, True, usage=("key_agreement",), ours=("files", "bundle")),
    "expired": Case(who(MAIL), False, False, end=-_DAY / 2),
    "not yet valid": Case(who(MAIL), False, False, start=_DAY / 2),
    "its own authority": Case(who(MAIL), True, False, is_own_authority=True),
    "its own authority, of another name": Case(who(PAGE), False, False, is_own_authority=True),
    "its own authority, expired": Case(who(MAIL), False, False, end=-_DAY / 2, is_own_authority=True),
}


class Pki:
    """Two authorities, and files of everything that they certify."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.now = datetime.now(UTC)
        root = make_authority("root", None, self.now - 9 * _DAY, self.now + 9 * _DAY)
        self.ca = make_authority("intermediate", root, self.now - 9 * _DAY, self.now + 9 * _DAY)
        self.roots = self._write("roots.pem", format_pem("CERTIFICATE", root.der))
        self.below = self._write("below.pem", format_pem("CERTIFICATE", self.ca.der))
        self.chain = self._write("chain.pem", Path(self.below).read_bytes() + Path(self.roots).read_bytes())
        self.artifact = self._write("artifact", b"signed under a PKI of our own\n")
        self.trusted_root = str(folder / "trusted_root.json")

    def _write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def certify(self, case: Case) -> Issued:
        key = p256_key()
        builder = new_builder("signer", key.public_key(), self.now + case.start, self.now + case.end)
        if case.is_own_authority:
            builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")]))
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        else:
            builder = builder.issuer_name(self.ca.certificate.subject)
        if case.usage:
            builder = builder.add_extension(key_usage(*case.usage), critical=True)
        if case.eku:
            builder = builder.add_extension(x509.ExtendedKeyUsage(case.eku), critical=False)
        if case.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(case.names), critical=False)
        if case.issuer:
            extension = x509.UnrecognizedExtension(_ISSUER_EXTENSION, case.issuer.encode())
            builder = builder.add_extension(extension, critical=False)
        if case.is_own_authority:
            return Issued(builder.sign(key, hashes.SHA256()), signer_of(key))
        return Issued(self.ca.sign(builder), signer_of(key))

    def loose(self, issued: Issued, name: str) -> tuple[str, ...]:
        """Flags that give the signature of the artifact as files."""
        signature = issued.signer.sign(Path(self.artifact).read_bytes())
        return (
            *("--certificate", self._write(f"{name}.pem", format_pem("CERTIFICATE", issued.der))),
            *("--signature", self._write(f"{name}.sig", base64.b64encode(signature))),
        )

    def bundle(self, issued: Issued, name: str) -> tuple[str, ...]:
        """Flags that give it as a bundle, with the trust root."""
        data = Path(self.artifact).read_bytes()
        content = MessageSignature("sha256", hashlib.sha256(data).digest(), issued.signer.sign(data))
        document = format_bundle(Bundle("0.3", (issued.der,), None, (), (), content))
        path = self._write(f"{name}.sigstore.json", document)
        return ("--bundle", path, "--trusted-root", self.trusted_root)

    def signing_flags(self, tool: Tool, issued: Issued, name: str) -> tuple[str, ...]:
        """Flags that sign with the certificate's key, as Cosign keeps keys, and put certificate and chain beside it."""
        plain = self._write(f"{name}-plain.pem", format_pem("PRIVATE KEY", issued.signer.pkcs8_der()))
        prefix = str(self.folder / name)
        accepts(tool.run("import-key-pair", "--key", plain, "--output-key-prefix", prefix), tool.name)
        certificate = self._write(f"{name}-certificate.pem", format_pem("CERTIFICATE", issued.der))
        return ("--key", f"{prefix}.key", "--certificate", certificate, "--certificate-chain", self.chain)


def _expect(tool: Tool, said: Result, name: str, *, good: bool) -> None:
    try:
        (accepts if good else refuses)(said, tool.name)
    except Failed as exc:
        raise Failed(f"{name}: {exc}") from exc


def files_row(stage: Stage, pki: Pki, tool: Tool, how: str) -> None:
    """Every certificate, as loose files."""
    for number, (name, case) in enumerate(CASES.items()):
        loose = pki.loose(pki.certify(case), f"{how}{number}")
        above = ["--certificate-chain", pki.chain]
        if how == "roots":
            above = ["--ca-roots", pki.roots, "--ca-intermediates", pki.below]
        if case.is_own_authority:
            above = ["--certificate-chain" if how == "chain" else "--ca-roots", loose[1]]
        words = [*tool.verify_legacy_flags(), *_WAIVING, *above, *loose, *case.demand, pki.artifact]
        good = case.files and not (tool is stage.ours and "files" in case.ours)
        _expect(tool, tool.run("verify-blob", *words), name, good=good)


def bundles_row(stage: Stage, pki: Pki, tool: Tool) -> None:
    """Every certificate, in a bundle."""
    made = stage.ours.run(
        *("trusted-root", "create", "--out", pki.trusted_root),
        *("--fulcio", f"url=https://ca.corp.example,certificate-chain={pki.chain}"),
        *(f"--no-default-{service}" for service in ("fulcio", "rekor", "tsa", "ctfe")),
    )
    accepts(made, stage.ours.name)
    new = ["--new-bundle-format"] if tool.is_cosign2 else []
    for number, (name, case) in enumerate(CASES.items()):
        words = [*new, *_WAIVING, *pki.bundle(pki.certify(case), f"bundle{number}"), *case.demand, pki.artifact]
        good = case.bundle and not (tool is stage.ours and "bundle" in case.ours)
        _expect(tool, tool.run("verify-blob", *words), name, good=good)


def image_row(stage: Stage, pki: Pki, signer: Tool, verifier: Tool) -> None:
    """Sign an image with the key of a certificate, and verify by its names."""
    image = new_image(stage.registries["our registry"])
    case = Case(ANYBODY, True, True, names=(_MAIL, _HOST), issuer="", eku=())
    flags = pki.signing_flags(signer, pki.certify(case), f"image-{signer.name}-{verifier.name}".replace(" ", "-"))
    legacy = signer.legacy_flags(key=True)
    accepts(signer.run("sign", "--yes", *legacy, "--tlog-upload=false", *flags, image), signer.name)
    words = ["verify", *verifier.verify_legacy_flags(), *_WAIVING]
    for above in (("--certificate-chain", pki.chain), ("--ca-roots", pki.roots, "--ca-intermediates", pki.below)):
        for name in (MAIL, HOST):
            accepts(verifier.run(*words, *above, *by_name(name), image), verifier.name)
        refuses(verifier.run(*words, *above, *by_name(PAGE), image), verifier.name)
        refuses(verifier.run(*words, *above, *who(HOST), image), verifier.name)


def image_bundle_row(stage: Stage, pki: Pki, signer: Tool, verifier: Tool) -> None:
    """The same as a bundle, under a trust root of the PKI."""
    image = new_image(stage.registries["our registry"])
    case = Case(ANYBODY, True, True, issuer="", eku=())
    flags = pki.signing_flags(signer, pki.certify(case), f"bundle-{signer.name}-{verifier.name}".replace(" ", "-"))
    unlogged = ("--use-signing-config=false", "--new-bundle-format", "--tlog-upload=false")
    accepts(signer.run("sign", "--yes", *unlogged, *flags, image), signer.name)
    words = ["verify", "--new-bundle-format", *_WAIVING, "--trusted-root", pki.trusted_root]
    accepts(verifier.run(*words, *by_name(MAIL), image), verifier.name)
    refuses(verifier.run(*words, *by_name(PAGE), image), verifier.name)
    refuses(verifier.run(*words, *who(MAIL), image), verifier.name)


def rows(stage: Stage) -> Iterator[Row]:
    """One row for each tool and form."""
    pki = Pki(stage.files / "pki")
    for tool in (stage.ours, *stage.peers):
        for how in ("chain", "roots"):
            title = f"{tool.name} verifies files under a PKI of one's own (by {how}, {len(CASES)} certificates)"
            yield Row("a", title, partial(files_row, stage, pki, tool, how))
        title = f"{tool.name} verifies bundles under a PKI of one's own ({len(CASES)} certificates)"
        yield Row("a", title, partial(bundles_row, stage, pki, tool))
    for signer, verifier in itertools.product((stage.ours, *stage.peers), repeat=2):
        if stage.ours in (signer, verifier):
            title = f"{signer.name} signs an image with a certificate of one's own, {verifier.name} verifies"
            yield Row("b", title, partial(image_row, stage, pki, signer, verifier))
            if not signer.is_cosign2:  # has no bundles of a key and its certificate
                yield Row("b", f"{title} a bundle", partial(image_bundle_row, stage, pki, signer, verifier))

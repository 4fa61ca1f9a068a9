"""A certificate as `cosign bundle inspect` shows it: labels and values, nothing of it checked."""

from datetime import UTC, datetime
from typing import Final

from pycosign.codec.der import PRINTABLE_STRING, SEQUENCE, UTF8_STRING, DerReader, read_der
from pycosign.codec.der_writer import der_element
from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto import extensions as ext
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.names import NameAttribute, parse_name
from pycosign.errors import MalformedError
from pycosign.flows.service_names import ServiceNames
from pycosign.flows.tree_lines import Node, present
from pycosign.wire.sct import Sct, parse_sct_list

__all__ = ["add_certificate", "go_name", "go_seconds"]

_ALGORITHMS: Final = {
    "1.2.840.10045.4.1": "ECDSA-SHA1",
    "1.2.840.10045.4.3.2": "ECDSA-SHA256",
    "1.2.840.10045.4.3.3": "ECDSA-SHA384",
    "1.2.840.10045.4.3.4": "ECDSA-SHA512",
    "1.2.840.113549.1.1.5": "SHA1-RSA",
    "1.2.840.113549.1.1.11": "SHA256-RSA",
    "1.2.840.113549.1.1.12": "SHA384-RSA",
    "1.2.840.113549.1.1.13": "SHA512-RSA",
    "1.3.101.112": "Ed25519",
}
_USAGES: Final = (
    *("Digital Signature", "Content Commitment", "Key Encipherment", "Data Encipherment", "Key Agreement"),
    *("Cert Sign", "CRL Sign", "Encipher Only", "Decipher Only"),
)
_EXTENDED: Final = {
    "2.5.29.37.0": "Any",
    "1.3.6.1.5.5.7.3.1": "Server Auth",
    "1.3.6.1.5.5.7.3.2": "Client Auth",
    "1.3.6.1.5.5.7.3.3": "Code Signing",
    "1.3.6.1.5.5.7.3.4": "Email Protection",
    "1.3.6.1.5.5.7.3.5": "IPSEC End System",
    "1.3.6.1.5.5.7.3.6": "IPSEC Tunnel",
    "1.3.6.1.5.5.7.3.7": "IPSEC User",
    "1.3.6.1.5.5.7.3.8": "Time Stamping",
    "1.3.6.1.5.5.7.3.9": "OCSP Signing",
}
_CLAIMS: Final = (
    *("OIDC Issuer", "GitHub Workflow Trigger", "GitHub Workflow SHA", "GitHub Workflow Name"),
    *("GitHub Workflow Repository", "GitHub Workflow Ref", "OtherName SAN", "Issuer (V2)", "Build Signer URI"),
    *("Build Signer Digest", "Runner Environment", "Source Repository URI", "Source Repository Digest"),
    *("Source Repository Ref", "Source Repository Identifier", "Source Repository Owner URI"),
    *("Source Repository Owner Identifier", "Build Config URI", "Build Config Digest", "Build Trigger"),
    *("Run Invocation URI", "Source Repository Visibility At Signing", "Deployment Environment", "Token Subject"),
)
_SHOWN_ELSEWHERE: Final = frozenset(
    (ext.KEY_USAGE, ext.EXTENDED_KEY_USAGE, ext.SUBJECT_KEY_ID, ext.AUTHORITY_KEY_ID, ext.SUBJECT_ALT_NAME)
)
_CN, _O, _C = "2.5.4.3", "2.5.4.10", "2.5.4.6"
_NAME_ORDER: Final = (  # as Go writes a name: the most specific first
    ("2.5.4.5", "SERIALNUMBER"),
    (_CN, "CN"),
    ("2.5.4.17", "POSTALCODE"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.8", "ST"),
    ("2.5.4.7", "L"),
    ("2.5.4.11", "OU"),
    (_O, "O"),
    (_C, "C"),
)
_PRINTABLE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
_STRINGS: Final = (UTF8_STRING, PRINTABLE_STRING, 0x16, 0x12)


def go_seconds(at: datetime) -> str:
    """A moment as Go's RFC 3339 without fraction."""
    return format_rfc3339(at.astimezone(UTC).replace(microsecond=0))


def add_certificate(node: Node, der: bytes, names: ServiceNames) -> None:
    """Put what the certificate says below the node; of one that cannot be read, only why."""
    try:
        certificate = parse_certificate(der)
        whole = Node("")
        _add(whole, certificate, names)
    except MalformedError as exc:
        node.add("Error", f"parsing certificate: {exc}")
        return
    node.children += whole.children


def _add(node: Node, certificate: Certificate, names: ServiceNames) -> None:
    node.add("Signature Algorithm", _signature_algorithm(certificate))
    subject = parse_name(certificate.subject_der)
    if subject:
        node.add("Subject", go_name(subject))
    issuer = parse_name(certificate.issuer_der)
    shown = (("Common Name", _last(issuer, _CN)), ("Organization", _first(issuer, _O)), ("Country", _first(issuer, _C)))
    if any(value for _, value in shown):
        below = node.add("Issuer")
        for label, value in shown:
            if value:
                below.add(label, value)
    validity = node.add("Validity")
    validity.add("Not Before", go_seconds(certificate.not_before))
    validity.add("Not After", go_seconds(certificate.not_after))
    _add_key(node.add("Subject Public Key Info"), certificate)
    _add_extensions(node.add("Extensions"), certificate, _last(subject, _CN), names)
    node.add("Signature", present(certificate.signature))


def _signature_algorithm(certificate: Certificate) -> str:
    outer = read_der(certificate.der, SEQUENCE, "certificate")
    outer.whole(SEQUENCE)
    algorithm_der = outer.whole(SEQUENCE)
    oid = read_der(algorithm_der, SEQUENCE, "certificate").oid()
    if oid == "1.2.840.113549.1.1.10":  # RSA-PSS: the hash is in its parameters
        for last, name in ((1, "SHA256-RSAPSS"), (2, "SHA384-RSAPSS"), (3, "SHA512-RSAPSS")):
            if bytes.fromhex("608648016503040200")[:-1] + bytes([last]) in algorithm_der:
                return name
    return _ALGORITHMS.get(oid, "0")


def _first(name: tuple[NameAttribute, ...], oid: str) -> str:
    return next((item.text for item in name if item.oid == oid), "")


def _last(name: tuple[NameAttribute, ...], oid: str) -> str:
    return next((item.text for item in reversed(name) if item.oid == oid), "")


def go_name(name: tuple[NameAttribute, ...]) -> str:
    """As Go's pkix.Name writes itself. Source: the documentation of crypto/x509/pkix."""
    parts = []
    for oid, label in _NAME_ORDER:
        values = [item.text for item in name if item.oid == oid]
        if oid in (_CN, "2.5.4.5"):
            values = values[-1:]
        if values:
            parts.append("+".join(f"{label}={_escaped(value)}" for value in values))
    known = {oid for oid, _ in _NAME_ORDER}
    for item in reversed(name):
        if item.oid not in known:
            tag = PRINTABLE_STRING if set(item.text) <= _PRINTABLE else UTF8_STRING
            parts.append(f"{item.oid}=#{der_element(tag, item.text.encode()).hex()}")
    return ",".join(parts)


def _escaped(value: str) -> str:
    text = "".join(f"\\{char}" if char in ',+"\\<>;' else char for char in value)
    if text[:1] in (" ", "#"):
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if len(text) > 2 and text.endswith(" ") else text


def _add_key(node: Node, certificate: Certificate) -> None:
    try:
        key = certificate.public_key
    except MalformedError:
        node.add("Algorithm", "Unknown")
        return
    family, _, size = key.kind.partition("-")
    if family == "rsa":
        node.add("Algorithm", "RSA")
        node.add("Key Size", f"{_rsa_bits(key.raw)} bits")
    elif family in ("ecdsa", "ed25519"):
        node.add("Algorithm", "ECDSA" if family == "ecdsa" else "Ed25519")
        if family == "ecdsa":
            node.add("Curve", f"P-{size[1:]}")
        raw = key.raw
        node.add("Public Key", f"{raw.hex()[:8]}...{raw.hex()[-8:]} ({len(raw)} bytes)")
    else:
        node.add("Algorithm", "Unknown")


def _rsa_bits(raw: bytes) -> int:
    return read_der(raw, SEQUENCE, "RSA key").integer().bit_length()


def _add_extensions(node: Node, certificate: Certificate, common_name: str, names: ServiceNames) -> None:
    shown = {"email": "Email", "uri": "URI"}
    identities = [(shown[item.kind], item.value) for item in certificate.san if item.kind in shown]
    identities.sort(key=lambda item: item[0])  # email addresses first
    if common_name or identities:
        below = node.add("Identity (Subject Alternative Name)")
        if common_name:
            below.add("Common Name", common_name)
        for label, value in identities:
            below.add(label, value)
    usage = certificate.key_usage or frozenset()
    used = [name for bit, name in zip(ext.KEY_USAGE_BITS, _USAGES, strict=True) if bit in usage]
    if used:
        node.add("Key Usage", ", ".join(used))
    extended = certificate.extended_key_usage or ()
    for label, listed in (
        ("Extended Key Usage", [_EXTENDED[oid] for oid in extended if oid in _EXTENDED]),
        ("Unknown Extended Key Usage", [oid for oid in extended if oid not in _EXTENDED]),
    ):
        if listed:
            node.add(label, ", ".join(listed))
    if certificate.subject_key_id:
        node.add("Subject Key ID", certificate.subject_key_id.hex())
    authority = certificate.authority_key_id
    if authority:
        url = names.authorities.get(authority)
        node.add("Authority URL" if url else "Authority Key ID", url or authority.hex())
    for oid, extension in certificate.extensions.items():
        if oid not in _SHOWN_ELSEWHERE:
            _add_extension(node, oid, extension.critical, extension.value, names)


def _add_extension(node: Node, oid: str, critical: bool, value: bytes, names: ServiceNames) -> None:
    if oid == ext.SCT_LIST:
        scts = _scts(value)
        if scts:
            below = node.add("Signed Certificate Timestamps", str(len(scts)))
            for at, sct in enumerate(scts):
                _add_sct(below.add(f"Signed Certificate Timestamp [{at}]"), sct, names)
            return
    number = oid.removeprefix(ext.FULCIO_ARC)
    if number != oid and number.isdigit() and 1 <= int(number) <= len(_CLAIMS):
        node.add(_CLAIMS[int(number) - 1], _claim(value))
    else:
        node.add(f"OID: {oid}", f"(Critical: {str(critical).lower()}) [{len(value)} bytes]")


def _scts(value: bytes) -> tuple[Sct, ...]:
    try:
        return parse_sct_list(value)
    except MalformedError:
        return ()


def _add_sct(node: Node, sct: Sct, names: ServiceNames) -> None:
    node.add("Version", f"v{sct.version + 1}")
    url = names.certificate_logs.get(sct.log_id)
    node.add("Log URL" if url else "Log ID", url or sct.log_id.hex())
    node.add("Timestamp", go_seconds(datetime.fromtimestamp(min(sct.timestamp_ms // 1000, 253402300799), UTC)))
    node.add("Extensions", f"{len(sct.extensions)} bytes" if sct.extensions else "none")
    node.add("Signature", present(sct.signature))


def _claim(value: bytes) -> str:
    """The text inside a DER string; of anything else the bytes as they are."""
    try:
        reader = DerReader(value, "claim")
        raw = reader.text(value[0]) if value[:1] and value[0] in _STRINGS else None
        if raw is not None:
            return raw
    except MalformedError:
        pass
    return value.decode("utf-8", "replace")

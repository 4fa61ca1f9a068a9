"""The trust root, compiled for verification: which logs, authorities and certificate logs were good, and when.

Keys and certificates are loaded when first asked for and then kept: most runs need three of the thirty in a trust root.
A `TrustRoot` is never changed by verification otherwise, so threads may share it and a fork may inherit it: two threads
that load the same key at once both get an equal one, and the last one stays. No lock, so none can be held over a fork.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pycosign.codec.pem import parse_pem
from pycosign.crypto.algorithms import algorithm_of_details
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.crypto.log_id import HINT_BYTES, spki_log_id
from pycosign.errors import MalformedError
from pycosign.wire.trusted_root import Authority, LogKey, TrustedRoot, ValidFor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.wire.cosignature import WitnessKey

__all__ = ["TrustRoot", "TrustedAuthority", "TrustedLog", "compile_trust", "host_of", "trust_from_material"]

_ALWAYS: Final = ValidFor(None, None)


class TrustedLog:
    """A transparency log or certificate log: its id, its key, and when they were good.

    key_hint: 4 bytes that name the key in a checkpoint's signature line (of the log's id, unless the trust root has a
    checkpointKeyId). host: the name that a Rekor v2 checkpoint carries, the host of base_url without port; empty for a
    key given alone.
    """

    __slots__ = ("_algorithm", "_key", "base_url", "host", "key_der", "key_hint", "log_id", "operator", "valid_for")

    def __init__(
        self,
        base_url: str,
        log_id: bytes,
        key_der: bytes,
        valid_for: ValidFor,
        *,
        key_details: str = "",
        checkpoint_key_id: bytes | None = None,
        operator: str = "",
    ) -> None:
        self.base_url = base_url
        self.host = host_of(base_url)
        self.log_id = log_id
        self.key_hint = (checkpoint_key_id or log_id)[:HINT_BYTES]
        self.valid_for = valid_for
        self.key_der = key_der
        self.operator = operator
        self._algorithm = algorithm_of_details(key_details)
        self._key: PublicKey | None = None

    @property
    def key(self) -> PublicKey:
        """Raises: MalformedError: the trust root's key is not one that we know."""
        if self._key is None:
            self._key = load_public_key(self.key_der, what=f"key of log {self.base_url or self.log_id.hex()}")
        return self._key

    def check(self, signature: bytes, message: bytes) -> None:
        """Check what the log signed, with the hash and padding that the trust root names for its key (else its own).

        Raises: InvalidSignatureError.
        """
        algorithm = self._algorithm
        if algorithm is None or not algorithm.fits(self.key.kind):
            self.key.verify(signature, message)
        elif algorithm.is_pss:
            self.key.verify_pss(signature, message, hash_name=algorithm.hash_name or "sha256", any_salt=True)
        else:
            self.key.verify(signature, message, hash_name=algorithm.hash_name)


class TrustedAuthority:
    """A certificate or timestamp authority: its chain (for a certificate authority without leaf), and when it was good.

    The last certificate of the chain is the anchor, also where the caller trusts an intermediate.
    is_own_pki: the caller gave its PEM: it may be of any PKI, whose certificates say more or less than Fulcio's do.
    """

    __slots__ = ("_certificates", "chain_der", "is_own_pki", "operator", "uri", "valid_for")

    def __init__(
        self,
        uri: str,
        chain_der: tuple[bytes, ...],
        valid_for: ValidFor,
        *,
        operator: str = "",
        is_own_pki: bool = False,
    ) -> None:
        self.uri = uri
        self.valid_for = valid_for
        self.operator = operator
        self.is_own_pki = is_own_pki
        self.chain_der = chain_der
        self._certificates: tuple[Certificate, ...] | None = None

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The chain, in the order of the trust root: the root is last."""
        if self._certificates is None:
            self._certificates = tuple(parse_certificate(der) for der in self.chain_der)
        return self._certificates

    @property
    def anchor(self) -> Certificate:
        """The certificate at which a path must end."""
        return self.certificates[-1]


class TrustRoot:
    """Everything that verification may trust. Made by `compile_trust` or `trust_from_material`.

    witnesses: who may cosign checkpoints; none unless the caller names some.
    """

    __slots__ = ("certificate_authorities", "ct_logs", "logs", "timestamp_authorities", "witnesses")

    def __init__(
        self,
        logs: Iterable[TrustedLog],
        ct_logs: Iterable[TrustedLog],
        certificate_authorities: Iterable[TrustedAuthority],
        timestamp_authorities: Iterable[TrustedAuthority],
        *,
        witnesses: "Iterable[WitnessKey]" = (),
    ) -> None:
        self.logs = _by_id(logs)
        self.ct_logs = _by_id(ct_logs)
        self.certificate_authorities = tuple(certificate_authorities)
        self.timestamp_authorities = tuple(timestamp_authorities)
        self.witnesses = tuple(witnesses)

    def with_witnesses(self, *verifier_keys: str) -> "TrustRoot":
        """The same trust, and witnesses whose cosignatures on checkpoints are checked and counted.

        Args:   verifier_keys: `NAME+HINT+KEY` each, as witnesses publish them (C2SP signed-note).
        Raises: MalformedError: another form, or a key that is not sound.
        """
        from pycosign.verify.witness import witness_public_key
        from pycosign.wire.cosignature import parse_witness_key

        keys = [parse_witness_key(text) for text in verifier_keys]
        for key in keys:
            witness_public_key(key)
        return TrustRoot(
            (log for logs in self.logs.values() for log in logs),
            (log for logs in self.ct_logs.values() for log in logs),
            self.certificate_authorities,
            self.timestamp_authorities,
            witnesses=(*self.witnesses, *keys),
        )


def compile_trust(root: TrustedRoot) -> TrustRoot:
    """The trust root file's content, ready for verification.

    Raises: MalformedError: a log without the start of its validity (the file's format demands it), an empty chain.
    """
    return TrustRoot(
        _logs(root.tlogs, "tlogs"),
        _logs(root.ctlogs, "ctlogs"),
        _authorities(root.certificate_authorities, "certificateAuthorities"),
        _authorities(root.timestamp_authorities, "timestampAuthorities"),
    )


def trust_from_material(
    *,
    ca_certificates_pem: bytes | None = None,
    ca_chain_pem: bytes | None = None,
    ca_roots_pem: bytes | None = None,
    ca_intermediates_pem: bytes | None = None,
    rekor_keys_pem: Iterable[bytes] = (),
    ct_keys_pem: Iterable[bytes] = (),
    tsa_chain_pem: bytes | None = None,
) -> TrustRoot:
    """Trust as Cosign's per-service flags and variables give it, without validity windows of its own.

    Args:   ca_certificates_pem: self-issued certificates are anchors, others intermediates below all of them
            (SIGSTORE_ROOT_FILE); or ca_chain_pem: the last certificate is the anchor, whoever issued it
            (--certificate-chain); or ca_roots_pem: each is an anchor (--ca-roots), and ca_intermediates_pem: none is
            (--ca-intermediates). An intermediate that issued itself never becomes an anchor: it may be anybody's.
            tsa_chain_pem: in any order, as Cosign takes it (SIGSTORE_TSA_CERTIFICATE_FILE).
    Raises: MalformedError: not PEM of the expected kind.
    """
    return TrustRoot(
        [_bare_log(pem, "transparency log key") for pem in rekor_keys_pem],
        [_bare_log(pem, "certificate log key") for pem in ct_keys_pem],
        _chains_of(ca_certificates_pem, ca_chain_pem, ca_roots_pem, ca_intermediates_pem),
        () if tsa_chain_pem is None else _timestamp_chains(tsa_chain_pem),
    )


def host_of(url: str) -> str:
    """The lower-case host of a URL without port and user; "" if there is none. `urllib.parse` costs 5 ms to import."""
    _, separator, rest = url.partition("://")
    if not separator:
        return ""
    authority = rest.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority.partition("]")[0][1:].lower()
    return authority.partition(":")[0].lower()


def _by_id(logs: Iterable[TrustedLog]) -> "Mapping[bytes, tuple[TrustedLog, ...]]":
    """Logs by id; one id may occur twice with different windows."""
    table: dict[bytes, tuple[TrustedLog, ...]] = {}
    for log in logs:
        table[log.log_id] = (*table.get(log.log_id, ()), log)
    return table


def _logs(keys: Iterable[LogKey], name: str) -> list[TrustedLog]:
    logs = []
    for position, key in enumerate(keys):
        if key.valid_for.start is None:
            raise MalformedError(f"trusted root {name}[{position}].publicKey.validFor.start", "is missing")
        logs.append(
            TrustedLog(
                key.base_url,
                key.log_id,
                key.key_der,
                key.valid_for,
                key_details=key.key_details,
                checkpoint_key_id=key.checkpoint_key_id,
                operator=key.operator,
            )
        )
    return logs


def _authorities(authorities: Iterable[Authority], name: str) -> list[TrustedAuthority]:
    compiled = []
    for position, authority in enumerate(authorities):
        if not authority.chain_der:
            raise MalformedError(f"trusted root {name}[{position}].certChain", "is empty")
        compiled.append(
            TrustedAuthority(authority.uri, authority.chain_der, authority.valid_for, operator=authority.operator)
        )
    return compiled


def _bare_log(pem: bytes, what: str) -> TrustedLog:
    key = load_public_key(pem, what=what)
    return TrustedLog("", spki_log_id(key.spki_der), key.spki_der, _ALWAYS)


def _certificate_blocks(pem: bytes, what: str) -> tuple[bytes, ...]:
    blocks = parse_pem(pem, what=what)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise MalformedError(what, f"holds a {block.label}, not a certificate")
    return tuple(block.der for block in blocks)


def _chains_of(
    certificates_pem: bytes | None, chain_pem: bytes | None, roots_pem: bytes | None, intermediates_pem: bytes | None
) -> list[TrustedAuthority]:
    """Certificate authorities; whichever form is given says which certificates are anchors."""
    below: tuple[bytes, ...] = ()
    anchors: tuple[bytes, ...] = ()
    if chain_pem is not None:
        *rest, last = _authority_blocks(chain_pem)
        below, anchors = tuple(rest), (last,)
    elif roots_pem is not None:
        below = () if intermediates_pem is None else _authority_blocks(intermediates_pem)
        anchors = _authority_blocks(roots_pem)
    elif certificates_pem is not None:
        listed = _authority_blocks(certificates_pem)
        anchors = tuple(der for der in listed if _is_self_issued(der))
        below = tuple(der for der in listed if der not in anchors)
        if not anchors:
            raise MalformedError("certificate authority file", "holds no self-issued root certificate")
    return [TrustedAuthority("", (*below, anchor), _ALWAYS, is_own_pki=True) for anchor in anchors]


def _authority_blocks(pem: bytes) -> tuple[bytes, ...]:
    ders = _certificate_blocks(pem, "certificate authority file")
    for der in ders:
        parse_certificate(der)  # one that cannot be read is refused now, not when a path needs it
    return ders


def _is_self_issued(der: bytes) -> bool:
    certificate = parse_certificate(der)
    return certificate.issuer_der == certificate.subject_der


def _timestamp_chains(pem: bytes) -> list[TrustedAuthority]:
    """A chain for each signer and root of the file: signer first, root last. Source: Cosign, pkg/cosign/tsa.go.

    Without a signer, tokens bring it; without a self-issued root, the file's order says which authority is the anchor.
    """
    ders = _certificate_blocks(pem, "timestamp authority chain")
    certificates = [parse_certificate(der, "timestamp authority certificate") for der in ders]
    authorities = [item for item in certificates if item.is_ca]
    roots = [item.der for item in authorities if item.issuer_der == item.subject_der]
    if not roots:
        return [TrustedAuthority("", ders, _ALWAYS)]
    others = tuple(item.der for item in authorities if item.issuer_der != item.subject_der)
    below = [(item.der, *others) for item in certificates if not item.is_ca] or [others]
    return [TrustedAuthority("", (*chain, root), _ALWAYS) for chain in below for root in roots]

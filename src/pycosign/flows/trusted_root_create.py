"""Put a trusted root together: services given one by one, those of another root, or both."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import PublicKey, key_details, load_public_key
from pycosign.crypto.log_id import note_key_id, spki_log_id
from pycosign.crypto.names import parse_name
from pycosign.errors import MalformedError, UsageError
from pycosign.flows.service_specs import parse_spec, parse_time, prefixed, valid_for
from pycosign.wire.trusted_root import (
    Authority,
    LogKey,
    TrustedRoot,
    ValidFor,
    format_trusted_root,
    parse_trusted_root,
)

__all__ = ["GivenAuthorities", "GivenLogs", "GivenRoot", "check_given", "create_trusted_root"]

ReadFile = Callable[[str], bytes]

_ORGANIZATION: Final = "2.5.4.10"
_COMMON_NAME: Final = "2.5.4.3"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)  # what Cosign writes for an authority without a start
_OLD_CHAINS: Final = {"fulcio": "--certificate-chain", "tsa": "--timestamp-certificate-chain"}
_EMPTY_KEY: Final = "missing or empty required key '{{key}}' in {} spec"


class GivenLogs(NamedTuple):
    """Logs of one kind: as specifications, or in the older form, one flag for each part."""

    specs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # PATH, and for Rekor PATH,ORIGIN
    urls: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


class GivenAuthorities(NamedTuple):
    """Certificate or timestamp authorities: as specifications, or in the older form."""

    specs: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()  # paths
    urls: tuple[str, ...] = ()


class GivenRoot(NamedTuple):
    """Everything that was given, and which kinds of the base's services are not wanted."""

    fulcio: GivenAuthorities = GivenAuthorities()
    rekor: GivenLogs = GivenLogs()
    ctfe: GivenLogs = GivenLogs()
    tsa: GivenAuthorities = GivenAuthorities()
    without: frozenset[str] = frozenset()  # "fulcio", "rekor", "ctfe", "tsa"


def check_given(given: GivenRoot) -> None:
    """Refuse both forms for one kind of service, and parts in the older form without what they belong to."""
    names = {"fulcio": ("certificate-chain",), "rekor": ("rekor-key",), "ctfe": ("ctfe-key",)}
    names["tsa"] = ("timestamp-certificate-chain",)
    for kind in ("fulcio", "rekor", "ctfe", "tsa"):
        specs, main, *others = getattr(given, kind)
        if specs and (main or any(others)):
            raise UsageError(f"cannot use --{kind} and old {kind} flags at the same time")
        if any(len(parts) > len(main) for parts in others):
            raise UsageError(f"more was given for {kind} than there are --{names[kind][0]}", hint=f"see --{kind}")


def create_trusted_root(given: GivenRoot, *, base: TrustedRoot | None, read: ReadFile) -> bytes:
    """The trusted root, written as Cosign writes it: each kind in the order of the start of its validity.

    Args:   base: where to start; None: nothing. Logs that are given replace those of the base with the same id.
            read: a named file's bytes; raises UsageError, in Cosign's words, if there is none.
    Raises: UsageError: a specification or a file of it that does not parse.
    """
    check_given(given)
    base = base or TrustedRoot()
    keep = {kind: kind not in given.without for kind in ("fulcio", "rekor", "ctfe", "tsa")}
    root = TrustedRoot(
        certificate_authorities=_in_time(
            [
                *(_authority_again(item) for item in base.certificate_authorities if keep["fulcio"]),
                *_authorities(given.fulcio, "fulcio", read),
            ]
        ),
        ctlogs=_logs(given.ctfe, base.ctlogs if keep["ctfe"] else (), "ctfe", read),
        tlogs=_logs(given.rekor, base.tlogs if keep["rekor"] else (), "rekor", read),
        timestamp_authorities=_in_time(
            [
                *(_authority_again(item) for item in base.timestamp_authorities if keep["tsa"]),
                *_authorities(given.tsa, "tsa", read),
            ]
        ),
    )
    written = format_trusted_root(root)
    with prefixed("creating trusted root"):
        parse_trusted_root(written)  # what nobody could read is not written
    return written


def _in_time(authorities: list[Authority]) -> tuple[Authority, ...]:
    return tuple(sorted(authorities, key=lambda item: item.valid_for.start or _BEGINNING))


# ---- authorities ---------------------------------------------------------------------------------------------------
def _authorities(given: GivenAuthorities, kind: str, read: ReadFile) -> list[Authority]:
    made = []
    for spec in given.specs:
        with prefixed(f"parsing {kind} spec"):
            made.append(_authority_of_spec(spec, kind, read))
    for at, path in enumerate(given.chains):
        chain = _certificates(path, read, flag=_OLD_CHAINS[kind])
        if kind == "tsa":
            _check_leaf(chain)
            if len(chain) < 2:
                raise UsageError("certificate chain must have at least two certificates")
        url = given.urls[at] if at < len(given.urls) else ""
        made.append(_authority(url, chain, ValidFor(chain[-1].not_before)))
    return made


def _authority_of_spec(spec: str, kind: str, read: ReadFile) -> Authority:
    members = parse_spec(
        spec,
        required=("url", "certificate-chain"),
        optional=("start-time", "end-time", "operator"),
        missing=_EMPTY_KEY.format(kind),
        what=kind,
    )
    with prefixed(f"parsing {'Fulcio' if kind == 'fulcio' else 'TSA'} certificate-chain"):
        chain = _certificates(members["certificate-chain"], read, flag=f"--{kind}")
    since = chain[-1].not_before
    if kind == "tsa":
        _check_leaf(chain)
        since = chain[0].not_before
        if len(chain) == 1:
            chain = [*chain, *chain]  # as Cosign writes it: the leaf is its own root
    span = valid_for(parse_time(members, "start-time") or since, parse_time(members, "end-time"))
    return _authority(members["url"], chain, span, members.get("operator", ""))


def _check_leaf(chain: Sequence[Certificate]) -> None:
    if chain[0].is_ca:
        raise UsageError("first certificate in chain must be a leaf certificate")


def _certificates(path: str, read: ReadFile, *, flag: str) -> list[Certificate]:
    content = read(path)
    if b"-----BEGIN" not in content:
        raise UsageError(f"no certificates in file {path}")
    blocks = parse_pem(content, what=path)
    for block in blocks:
        if block.label != "CERTIFICATE":
            raise UsageError(f"{flag} wants certificates, and {path} holds a {block.label}")
    try:
        return [parse_certificate(block.der, path) for block in blocks]
    except MalformedError as exc:
        raise UsageError(f"{flag} wants certificates, and one of {path} cannot be read: {exc}") from exc


def _authority(url: str, chain: Sequence[Certificate], span: ValidFor, operator: str = "") -> Authority:
    names = parse_name(chain[-1].subject_der)
    organization = next((name.text for name in names if name.oid == _ORGANIZATION), "")
    common_name = next((name.text for name in reversed(names) if name.oid == _COMMON_NAME), "")
    return Authority(url, organization, common_name, tuple(item.der for item in chain), span, operator)


def _authority_again(authority: Authority) -> Authority:
    """One of the base's, as Cosign writes it after reading: named by its root, with a start.

    Cosign forgets the operator: one of two domains would count as two where distinct ones are demanded. We keep it.
    """
    span = authority.valid_for
    chain = [parse_certificate(der) for der in authority.chain_der]
    since = span if span.start else span._replace(start=_BEGINNING)
    return _authority(authority.uri, chain, since, authority.operator)


# ---- logs ----------------------------------------------------------------------------------------------------------
def _logs(given: GivenLogs, base: Sequence[LogKey], kind: str, read: ReadFile) -> tuple[LogKey, ...]:
    by_id: dict[bytes, LogKey] = {log.log_id: _log_again(log) for log in base}
    for log in (*_logs_of_specs(given, kind, read), *_logs_in_parts(given, kind, read)):
        by_id[log.log_id] = log
    return tuple(sorted(by_id.values(), key=lambda log: log.valid_for.start or _BEGINNING))


def _log_again(log: LogKey) -> LogKey:
    """One of the base's, kept; a key in PKCS#1 becomes SubjectPublicKeyInfo, as Cosign writes it after reading.

    Cosign forgets operator, checkpoint key id and hash, and names the key by its default: Ed25519ph becomes Ed25519.
    """
    if not log.key_details.startswith("PKCS1_"):
        return log
    key = load_public_key(format_pem("RSA PUBLIC KEY", log.key_der))
    return log._replace(key_der=key.spki_der, key_details=_details(key))


def _log(url: str, key: PublicKey, log_id: bytes, span: ValidFor, operator: str = "") -> LogKey:
    return LogKey(url, key.spki_der, _details(key), log_id, span, operator=operator)


def _details(key: PublicKey) -> str:
    details = key_details(key)
    if details is None:
        raise UsageError(f"unsupported public modulus for RSA key: {key.kind}")
    return details


def _logs_of_specs(given: GivenLogs, kind: str, read: ReadFile) -> list[LogKey]:
    made = []
    for spec in given.specs:
        with prefixed(f"parsing {kind} spec"):
            members: Mapping[str, str] = parse_spec(
                spec,
                required=("url", "public-key", "start-time"),
                optional=("end-time", "origin", "operator"),
                missing=_EMPTY_KEY.format("tlog"),
                what="tlog",
            )
            with prefixed("parsing public-key"):
                key = _public_key(members["public-key"], read)
            span = valid_for(parse_time(members, "start-time"), parse_time(members, "end-time"))
            log_id, operator = _log_id(key, members.get("origin", "")), members.get("operator", "")
            made.append(_log(members["url"], key, log_id, span, operator))
    return made


def _logs_in_parts(given: GivenLogs, kind: str, read: ReadFile) -> list[LogKey]:
    made = []
    for at, text in enumerate(given.keys):
        path, _, origin = text.partition(",") if kind == "rekor" else (text, "", "")
        key = _public_key(path, read)
        start, end = (
            parse_time({"time": parts[at]}, "time") if at < len(parts) else None for parts in (given.starts, given.ends)
        )
        url = given.urls[at] if at < len(given.urls) else ""
        made.append(_log(url, key, _log_id(key, origin), valid_for(start or _EPOCH, end)))
    return made


def _log_id(key: PublicKey, origin: str) -> bytes:
    return note_key_id(origin, key) if origin else spki_log_id(key.spki_der)


def _public_key(path: str, read: ReadFile) -> PublicKey:
    content = read(path)
    if b"-----BEGIN" not in content:
        raise UsageError("PEM decoding failed")
    try:
        return load_public_key(content, path)
    except MalformedError as exc:
        raise UsageError(exc.problem.removeprefix("cannot be read: ")) from exc

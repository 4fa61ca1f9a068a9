"""Trust given piece by piece, as Cosign 2 took it: files of flags and of SIGSTORE_* variables."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from pycosign.errors import UsageError
from pycosign.files import read_given_file
from pycosign.limits import TRUSTED_ROOT_BYTES
from pycosign.verify.trust import TrustRoot, trust_from_material

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["VARIABLES", "LegacyFiles", "completed_trust", "legacy_trust"]

VARIABLES: Final = (
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
)


class LegacyFiles(NamedTuple):
    """PEM files of flags: paths, URLs or env://NAME; "" is not given."""

    ca_roots: str = ""  # --ca-roots
    ca_intermediates: str = ""  # --ca-intermediates: none of them is an anchor
    certificate_chain: str = ""  # --certificate-chain: intermediates, and the anchor last
    timestamp_chain: str = ""  # --timestamp-certificate-chain: in any order; a path only, as in Cosign


def legacy_trust(
    files: LegacyFiles,
    *,
    environ: Mapping[str, str],
    http: "Callable[[], HttpClient] | None" = None,
) -> TrustRoot | None:
    """Trust from the files that are given.

    Returns: None when neither flags nor variables give anything: the caller takes the ordinary trust root.
    Raises:  as `read_given_file`, and for a URL as `read_key_reference` (http: None forbids it); UsageError: flags
             contradict each other; MalformedError: not PEM of its kind.
    Source:  sigstore/cosign, pkg/cosign/{tlog,tuf,verify}.go.
    """
    if files.certificate_chain and (files.ca_roots or files.ca_intermediates):
        raise UsageError("--certificate-chain cannot be given together with --ca-roots or --ca-intermediates")
    if files.ca_intermediates and not files.ca_roots:
        raise UsageError("--ca-intermediates needs --ca-roots")
    given = (files.ca_roots, files.ca_intermediates, files.certificate_chain)
    roots, intermediates, chain = (_read_reference(reference, environ, http) for reference in given)
    authorities = None if files.ca_roots or files.certificate_chain else _read(environ.get("SIGSTORE_ROOT_FILE", ""))
    rekor_key = _read(environ.get("SIGSTORE_REKOR_PUBLIC_KEY", ""))
    ct_key = _read(environ.get("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", ""))
    timestamp_chain = _read(files.timestamp_chain or environ.get("SIGSTORE_TSA_CERTIFICATE_FILE", ""))
    if all(read is None for read in (roots, chain, authorities, rekor_key, ct_key, timestamp_chain)):
        return None  # an empty file is given, and refused below: nothing may take its place
    return trust_from_material(
        ca_certificates_pem=authorities,
        ca_chain_pem=chain,
        ca_roots_pem=roots,
        ca_intermediates_pem=intermediates,
        rekor_keys_pem=() if rekor_key is None else (rekor_key,),
        ct_keys_pem=() if ct_key is None else (ct_key,),
        tsa_chain_pem=timestamp_chain,
    )


def completed_trust(given: TrustRoot, base: TrustRoot) -> TrustRoot:
    """What is given; of whatever it does not speak of, what `base` says."""
    return TrustRoot(
        [log for logs in (given.logs or base.logs).values() for log in logs],
        [log for logs in (given.ct_logs or base.ct_logs).values() for log in logs],
        given.certificate_authorities or base.certificate_authorities,
        given.timestamp_authorities or base.timestamp_authorities,
    )


def _read_reference(
    reference: str, environ: Mapping[str, str], http: "Callable[[], HttpClient] | None"
) -> bytes | None:
    if "://" not in reference:
        return _read(reference)
    from pycosign.keys.reference import read_key_reference

    return read_key_reference(reference, http=http, environ=environ)


def _read(path: str) -> bytes | None:
    return read_given_file(path, TRUSTED_ROOT_BYTES) if path else None

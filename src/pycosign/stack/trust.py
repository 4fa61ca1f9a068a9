"""What clients are given: the trust root, the signing configurations, the targets of the TUF repository. Pure.

Source: sigstore/protobuf-specs, protos/sigstore_trustroot.proto; sigstore/root-signing, targets/ (legacy targets).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pycosign.codec.pem import format_pem
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.log_id import ed25519_note_key_id, spki_log_id
from pycosign.stack.authority import ORGANIZATION
from pycosign.stack.tuf.core import Target
from pycosign.wire.signing_config import Selector, Service, SigningConfig
from pycosign.wire.trusted_root import Authority, LogKey, TrustedRoot, ValidFor

__all__ = ["TIMESTAMP_PATH", "Material", "signing_config", "trusted_root", "tuf_targets"]

TIMESTAMP_PATH = "/api/v1/timestamp"
P256_DETAILS = "PKIX_ECDSA_P256_SHA_256"
ED25519_DETAILS = "PKIX_ED25519"


class Material(NamedTuple):
    """What there is to trust. `urls`: base URLs by service; `origin`: the checkpoint origin of Rekor v2's log."""

    urls: Mapping[str, str]
    origin: str
    since: datetime
    ca_chain: tuple[bytes, ...]
    tsa_chain: tuple[bytes, ...]
    rekor_v1: PublicKey
    rekor_v2: PublicKey
    ctlog: PublicKey


def trusted_root(material: Material) -> TrustedRoot:
    """The trust root: both logs of signatures, the CA, the certificate log, the timestamp authority."""
    valid = ValidFor(start=material.since)
    urls = material.urls
    v2_id = ed25519_note_key_id(material.origin, material.rekor_v2.raw)
    return TrustedRoot(
        tlogs=(
            _log(urls["rekor"], material.rekor_v1, valid),
            LogKey(urls["rekor_v2"], material.rekor_v2.spki_der, ED25519_DETAILS, v2_id, valid),
        ),
        ctlogs=(_log(urls["ctlog"], material.ctlog, valid),),
        certificate_authorities=(
            Authority(urls["fulcio"], ORGANIZATION, "pycosign stack root", material.ca_chain, valid),
        ),
        timestamp_authorities=(
            Authority(
                urls["tsa"] + TIMESTAMP_PATH, ORGANIZATION, "pycosign stack timestamp root", material.tsa_chain, valid
            ),
        ),
    )


def _log(url: str, key: PublicKey, valid: ValidFor) -> LogKey:
    return LogKey(url, key.spki_der, P256_DETAILS, spki_log_id(key.spki_der), valid)


def signing_config(material: Material, *, rekor: int) -> SigningConfig:
    """Where to sign: with Rekor v2 and the timestamp authority, or with Rekor v1 alone.

    Both selectors are always there: sigstore-go wants Rekor's, sigstore-python the timestamp authority's too.
    """
    urls = material.urls

    def service(url: str, version: int = 1) -> Service:
        return Service(url, version, ValidFor(start=material.since), ORGANIZATION)

    log = service(urls["rekor_v2"], 2) if rekor == 2 else service(urls["rekor"], 1)
    return SigningConfig(
        ca=(service(urls["fulcio"]),),
        oidc=(service(urls["oidc"]),),
        rekor=(log,),
        tsa=(service(urls["tsa"] + TIMESTAMP_PATH),) if rekor == 2 else (),
        rekor_selector=Selector("ANY"),
        tsa_selector=Selector("ANY"),
    )


def tuf_targets(material: Material, trusted_root_json: bytes, signing_config_json: bytes) -> dict[str, Target]:
    """The repository's targets: the two files of today's clients, and one key or certificate each for older ones."""
    urls = material.urls
    tsa_url = urls["tsa"] + TIMESTAMP_PATH
    intermediate, root = material.ca_chain
    tsa_leaf, tsa_intermediate, tsa_root = material.tsa_chain
    return {
        "trusted_root.json": Target(trusted_root_json),
        "signing_config.v0.2.json": Target(signing_config_json),
        "rekor.pub": Target(material.rekor_v1.pem(), "Rekor", urls["rekor"]),
        "ctfe.pub": Target(material.ctlog.pem(), "CTFE", urls["ctlog"]),
        "fulcio_v1.crt.pem": Target(_pem(root), "Fulcio", urls["fulcio"]),
        "fulcio_intermediate_v1.crt.pem": Target(_pem(intermediate), "Fulcio", urls["fulcio"]),
        "tsa_leaf.crt.pem": Target(_pem(tsa_leaf), "TSA", tsa_url),
        "tsa_intermediate_0.crt.pem": Target(_pem(tsa_intermediate), "TSA", tsa_url),
        "tsa_root.crt.pem": Target(_pem(tsa_root), "TSA", tsa_url),
    }


def _pem(der: bytes) -> bytes:
    return format_pem("CERTIFICATE", der)

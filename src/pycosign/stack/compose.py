"""All services of one data directory, wired together: the only place that knows every one of them."""

import hashlib
import os
from typing import NamedTuple

from pycosign.ambient import Clock, Entropy
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.log_id import spki_log_id
from pycosign.errors import UsageError
from pycosign.stack.asgi import ASGIApp, end_application
from pycosign.stack.ca.core import Authority, Precertificate
from pycosign.stack.ca.http import build_ca_app
from pycosign.stack.ca.token import TrustedIssuer
from pycosign.stack.ctlog.core import LogKey, precertificate_entry
from pycosign.stack.ctlog.http import CtLog, build_ctlog_app, tree_head_signer
from pycosign.stack.idp.core import AUDIENCE, IssuerKey
from pycosign.stack.idp.http import build_idp_app
from pycosign.stack.provision import Provisioned, origin_of
from pycosign.stack.registry.http import build_registry_app
from pycosign.stack.store.sqlite import SqliteLogStore
from pycosign.stack.tlog.engine import Log
from pycosign.stack.tlog.open import open_rekor_v1, open_rekor_v2
from pycosign.stack.tlog.rekor_v1 import build_rekor_v1_app
from pycosign.stack.tlog.rekor_v2 import build_rekor_v2_app
from pycosign.stack.tsa.core import TimestampAuthority
from pycosign.stack.tsa.http import build_tsa_app
from pycosign.stack.tuf.http import TufServer, build_tuf_app
from pycosign.wire.sct import format_sct_list

__all__ = ["Services", "compose"]


class Services(NamedTuple):
    """Every service's application by name, and the logs that have to be closed at the end."""

    apps: dict[str, ASGIApp]
    logs: tuple[Log, ...]
    issuer_key: IssuerKey

    async def close(self) -> None:
        """Finish what is being logged, and let go of the stores."""
        for log in self.logs:
            await log.close()
        await end_application(self.apps["registry"])


def _authority(made: Provisioned) -> Authority:
    issuer = parse_certificate(made.ca_chain[0])
    if issuer.subject_key_id is None:
        raise UsageError("the CA's certificate has no key identifier")
    return Authority(
        chain=made.ca_chain,
        name=issuer.subject_der,
        key_id=issuer.subject_key_id,
        spki_der=issuer.spki_der,
        sign=made.keys["ca"].sign,
    )


def _open_ctlog(made: Provisioned, clock: Clock) -> tuple[Log, CtLog]:
    signer = made.keys["ctlog"]
    spki = signer.public_key.spki_der
    key = LogKey(spki_log_id(spki), signer.sign)
    store = SqliteLogStore(os.path.join(made.data.join("ctlog"), "log.sqlite3"), identity=hashlib.sha256(spki).digest())
    try:
        log = Log.open(store, sign_head=tree_head_signer(key), clock=clock)
    except BaseException:
        store.close()
        raise
    return log, CtLog(log, key, made.ca_chain[-1:], clock=clock)


def compose(made: Provisioned, *, clock: Clock, entropy: Entropy, test_tokens: bool) -> Services:
    """Open the stores and build every application. `test_tokens`: the issuer hands tokens to whoever asks.

    Raises: UsageError, LogStateError, UnavailableError: a store cannot be taken up; nothing is left open.
    """
    urls, data, origin = made.urls(), made.data, origin_of(made.record)
    ct_engine, ctlog = _open_ctlog(made, clock)
    v1 = open_rekor_v1(data.join("rekor_v1"), host=origin, signer=made.keys["rekor_v1"], clock=clock, entropy=entropy)
    v2 = open_rekor_v2(data.join("rekor_v2"), host=origin, signer=made.keys["rekor_v2"], clock=clock)
    issuer_key = IssuerKey.of(made.keys["oidc"].library_key())
    issuer = TrustedIssuer(urls["oidc"], AUDIENCE, issuer_key.private.public_key())
    authority = _authority(made)

    async def submit(planned: Precertificate, by: Authority) -> bytes:
        """The CA's way into the certificate log: what it submits is checked by construction."""
        entry = precertificate_entry(
            tbs_der=planned.tbs, issuer_spki_der=by.spki_der, precertificate_der=planned.der, chain=by.chain
        )
        return format_sct_list((await ctlog.submit(entry),))

    tsa = TimestampAuthority.of(made.tsa_chain, made.keys["tsa"].sign)
    tuf = TufServer(data.join("tuf"), made.keys["tuf_online"].library_key(), clock=clock)
    apps = {
        "fulcio": build_ca_app(authority, issuer, submit, clock=clock, entropy=entropy),
        "rekor": build_rekor_v1_app(v1.rekor),
        "rekor_v2": build_rekor_v2_app(v2.rekor),
        "tsa": build_tsa_app(tsa, clock=clock, entropy=entropy),
        "oidc": build_idp_app(urls["oidc"], issuer_key, clock=clock, entropy=entropy, test_tokens=test_tokens),
        "ctlog": build_ctlog_app(ctlog),
        "tuf": build_tuf_app(tuf),
        "registry": build_registry_app(data.join("registry")),
    }
    return Services(apps, (v1.log, v2.log, ct_engine), issuer_key)

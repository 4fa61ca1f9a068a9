"""The sandbox: a whole Sigstore for a `with` block, with a clock that can be set."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pycosign.codec.b64 import encode_b64
from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.testing import Sandbox
from pycosign.wire.tsp import TimestampRequest, format_request, parse_response

MOMENT = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=MOMENT) as running:
        yield running


def post(url: str, body: bytes, content_type: str = "application/json") -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=10) as response:
        answer: bytes = response.read()
    return answer


def certificate(sandbox: Sandbox, token: str) -> Certificate:
    """A certificate for foo@bar.com, asked for over HTTP."""
    key = ec.generate_private_key(ec.SECP256R1())
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, spki)
    request: dict[str, Any] = {
        "credentials": {"oidcIdentityToken": token},
        "publicKeyRequest": {
            "publicKey": {"content": pem.decode()},
            "proofOfPossession": encode_b64(key.sign(b"foo@bar.com", ec.ECDSA(hashes.SHA256()))),
        },
    }
    answer = json.loads(post(f"{sandbox.urls['fulcio']}/api/v2/signingCert", json.dumps(request).encode()))
    chain = answer["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    return parse_certificate(parse_pem(chain[0].encode(), what="answer")[0].der)


def timestamp(sandbox: Sandbox) -> datetime:
    url = f"{sandbox.urls['tsa']}/api/v1/timestamp"
    body = post(url, format_request(TimestampRequest(bytes(32))), "application/timestamp-query")
    return parse_response(body).gen_time


def test_every_service_has_the_sandboxs_clock(sandbox: Sandbox) -> None:
    start = sandbox.now
    assert certificate(sandbox, sandbox.token()).not_before == start
    assert timestamp(sandbox) == start
    sandbox.advance(timedelta(days=3, seconds=5))
    assert sandbox.now - start == timedelta(days=3, seconds=5)
    assert certificate(sandbox, sandbox.token()).not_before == sandbox.now
    assert timestamp(sandbox) == sandbox.now


def test_a_token_expires_by_the_sandboxs_clock(sandbox: Sandbox) -> None:
    token = sandbox.token()
    sandbox.advance(timedelta(hours=1, seconds=1))
    with pytest.raises(urllib.error.HTTPError) as caught:
        certificate(sandbox, token)
    assert caught.value.code == 400
    caught.value.close()


def test_trust_and_signing_config_speak_of_the_running_services(sandbox: Sandbox) -> None:
    trust, config, older = sandbox.trust, sandbox.signing_config, sandbox.signing_config_rekor_v1
    assert [log.base_url for log in trust.tlogs] == [sandbox.urls["rekor"], sandbox.urls["rekor_v2"]]
    assert [log.base_url for log in trust.ctlogs] == [sandbox.urls["ctlog"]]
    stamp_url = f"{sandbox.urls['tsa']}/api/v1/timestamp"
    assert [authority.uri for authority in trust.timestamp_authorities] == [stamp_url]
    assert [(service.url, service.api_version) for service in config.rekor] == [(sandbox.urls["rekor_v2"], 2)]
    assert [service.url for service in config.tsa] == [stamp_url]
    assert [service.url for service in config.ca] == [sandbox.urls["fulcio"]]
    assert [service.url for service in config.oidc] == [sandbox.issuer]
    assert [(service.url, service.api_version) for service in older.rekor] == [(sandbox.urls["rekor"], 1)]
    assert older.tsa == ()
    for authority in (*trust.certificate_authorities, *trust.timestamp_authorities):
        assert authority.valid_for.covers(MOMENT)
    for log in (*trust.tlogs, *trust.ctlogs):
        assert log.valid_for.covers(MOMENT)


def test_the_registry_answers(sandbox: Sandbox) -> None:
    with urllib.request.urlopen(f"http://{sandbox.registry}/v2/", timeout=10) as response:
        assert response.status == 200


def test_a_restart_keeps_ports_keys_and_trust() -> None:
    with Sandbox() as sandbox:
        before = dict(sandbox.urls), sandbox.trust
        sandbox.restart()
        assert (dict(sandbox.urls), sandbox.trust) == before


def test_it_leaves_nothing_behind_and_two_live_side_by_side() -> None:
    with Sandbox() as one, Sandbox() as two:
        directory = Path(one.data_dir)
        assert directory.is_dir()
        assert not set(one.urls.values()) & set(two.urls.values())
        url = one.urls["fulcio"]
    assert not directory.exists()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/healthz", timeout=5)


def test_what_goes_wrong_at_the_start_reaches_the_caller(tmp_path: Path) -> None:
    from pycosign.stack.app import AlreadyRunningError

    with Sandbox(data_dir=str(tmp_path)), pytest.raises(AlreadyRunningError), Sandbox(data_dir=str(tmp_path)):
        pass
    assert (tmp_path / "format.json").exists()


def test_a_damaged_log_reaches_the_caller(tmp_path: Path) -> None:
    from pycosign.errors import SigningError

    with Sandbox(data_dir=str(tmp_path)):
        pass
    (tmp_path / "rekor_v1" / "log.json").unlink()
    with pytest.raises(SigningError), Sandbox(data_dir=str(tmp_path)):
        pass


def test_an_interrupt_while_it_starts_stops_what_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(future: Future[object], timeout: float | None = None) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupted)
    before, began = set(threading.enumerate()), time.monotonic()
    with pytest.raises(KeyboardInterrupt), Sandbox():
        pass
    assert time.monotonic() - began < 10  # else it would have waited for a server that nobody had told to stop
    assert "pycosign-sandbox" not in {thread.name for thread in set(threading.enumerate()) - before}

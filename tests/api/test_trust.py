"""Where trust comes from, how old it is said to be, and that nothing of the environment decides unasked."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

import pycosign
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, embedded_file
from pycosign.testing import Sandbox
from pycosign.wire.bundle import Bundle, MessageSignature, format_bundle
from tests.recordings import recorded_file
from tests.verify.attempts import certificate_pem
from tests.verify.factory import ARTIFACT, World


@pytest.mark.usefixtures("no_sockets")
def test_the_public_instance_offline_is_what_is_built_in_and_says_so(tmp_path: Path) -> None:
    for make in (pycosign.Trust.public, pycosign.Trust.staging):
        trust = make(offline=True, cache=tmp_path)
        assert (trust.source, trust.age) == ("built in", None)
        assert len(trust.warnings) == 1
    assert pycosign.Instance.public(offline=True, cache=tmp_path).trust.source == "built in"


@pytest.mark.usefixtures("no_sockets")
def test_trust_of_unknown_age_is_unavailable_where_an_age_is_demanded(tmp_path: Path) -> None:
    with pytest.raises(pycosign.UnavailableError) as caught:
        pycosign.Trust.public(offline=True, cache=tmp_path, max_age=timedelta(days=7))
    assert caught.value.code == "tuf.too-old"


@pytest.mark.usefixtures("no_sockets")
def test_variables_do_not_decide_which_sigstore_is_public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUF_MIRROR", "https://evil.example.com")
    monkeypatch.setenv("TUF_ROOT", str(tmp_path / "evil"))
    monkeypatch.setenv("SIGSTORE_ROOT_FILE", str(tmp_path / "evil.pem"))
    assert pycosign.Trust.public(offline=True, cache=tmp_path).source == "built in"
    with pytest.raises(pycosign.UnavailableError) as caught:
        pycosign.Trust.from_environment(offline=True)
    assert caught.value.code == "tuf.not-cached"


def test_a_private_repository_is_asked_once_and_its_age_counts(sandbox: Sandbox, tmp_path: Path) -> None:
    url, root = sandbox.urls["tuf"], sandbox.urls["tuf_root"]
    trust = pycosign.Trust.tuf(url, root=root, cache=tmp_path)
    assert trust.source == url
    assert trust.age is not None
    assert trust.age < timedelta(minutes=5)
    instance = pycosign.Instance.tuf(url, root=root, cache=tmp_path, offline=True)
    key = pycosign.PrivateKey.generate()
    bundle = pycosign.sign_file(b"x", signer=key, instance=instance)
    verified = pycosign.verify_file(b"x", bundle=bundle, signer=key.public, trust=trust)
    assert verified.trust_source == url
    assert verified.trust_age is not None


def test_an_instance_by_its_name(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUF_ROOT", "TUF_MIRROR", "TUF_ROOT_JSON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYCOSIGN_HOME", str(tmp_path))
    add = [sys.executable, "-m", "pycosign", "instance", "add", "ours", "--stack", sandbox.data_dir]
    subprocess.run(add, check=True, capture_output=True)
    instance = pycosign.Instance.named("ours")
    bundle = pycosign.sign_file(b"x", signer=sandbox.sign_in(), instance=instance)
    monkeypatch.setenv("PYCOSIGN_INSTANCE", "ours")
    for trust in (pycosign.Trust.named("ours", offline=True), pycosign.Trust.from_environment(offline=True)):
        assert pycosign.verify_file(b"x", bundle=bundle, signer=sandbox.identity(), trust=trust).identity
    with pytest.raises(pycosign.UsageError) as caught:
        pycosign.Trust.named("nosuch")
    assert caught.value.code == "usage.instance"


def test_another_root_does_not_lead_to_the_repository(sandbox: Sandbox, tmp_path: Path) -> None:
    with Sandbox() as other, pytest.raises(pycosign.SigningError) as caught:
        pycosign.Trust.tuf(sandbox.urls["tuf"], root=other.urls["tuf_root"], cache=tmp_path)
    assert caught.value.code == "tuf.metadata-invalid"


def test_the_age_grows_with_the_clock() -> None:
    moment = datetime(2031, 1, 1, tzinfo=UTC)
    root = pycosign.Trust.from_json(recorded_file("file-trusted_root.json"))._root
    trust = pycosign.Trust(root, source="here", asked_at=moment, clock=lambda: moment + timedelta(hours=3))
    assert trust.age == timedelta(hours=3)
    assert pycosign.Trust(root, source="here").age is None


def test_an_instance_of_two_files(sandbox: Sandbox) -> None:
    instance = pycosign.Instance.from_files(
        trusted_root=sandbox.urls["trusted_root"], signing_config=sandbox.urls["signing_config"]
    )
    bundle = pycosign.sign_file(b"x", signer=sandbox.sign_in(), instance=instance)
    assert pycosign.verify_file(b"x", bundle=bundle, signer=sandbox.identity(), trust=instance.trust).identity


@pytest.mark.parametrize("content", [b"", b"{}", b"[]"])
def test_what_is_no_trust_root_is_malformed(content: bytes) -> None:
    with pytest.raises(pycosign.MalformedError):
        pycosign.Trust.from_json(content)


def test_a_pki_of_ones_own_by_its_certificates() -> None:
    world = World()
    host = "build.example.com"
    names = (x509.RFC822Name("dev@example.com"), x509.DNSName(host))
    evidence = world.blob(world.certificate(names=names, claims={}, with_sct=False, eku=None))
    assert isinstance(evidence.content, MessageSignature)
    bundle = format_bundle(Bundle("0.3", evidence.chain_der, None, evidence.entries, (), evidence.content))
    trust = pycosign.Trust.from_pem(
        certificate_pem(world.root.der),
        intermediates=certificate_pem(world.ca.der),
        log_keys=[world.log_v1.signer.public_key.pem()],
        source="our PKI",
    )
    signer = pycosign.Identity(host, issuer=pycosign.Regexp("^$"))
    verified = pycosign.verify_file(ARTIFACT, bundle=bundle, signer=signer, trust=trust, waive=pycosign.Waiver.SCT)
    assert (verified.identity, verified.issuer, verified.trust_source) == (host, "", "our PKI")
    strangers = pycosign.Trust.from_pem(certificate_pem(World().root.der))
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_file(ARTIFACT, bundle=bundle, signer=signer, trust=strangers, waive=pycosign.Waiver.SCT)
    with pytest.raises(pycosign.MalformedError, match="certificate authority file"):
        pycosign.Trust.from_pem(b"")


@pytest.mark.parametrize("mirror", ["", "tuf.example", "http://127.0.0.1:99999", "http://[::1", "ftp://tuf.example"])
def test_a_mirror_that_is_no_url_is_never_the_public_one(tmp_path: Path, mirror: str) -> None:
    """An unset variable must not turn a private instance into one that signs in public."""
    root = tmp_path / "root.json"
    root.write_bytes(embedded_file(PUBLIC_GOOD_MIRROR, "root.json") or b"")
    for kind in (pycosign.Trust, pycosign.Instance):
        with pytest.raises(pycosign.UsageError, match="is not a URL"):
            kind.tuf(mirror, root=root, offline=True, cache=tmp_path)


def test_a_given_root_is_the_anchor_of_a_public_mirror_too(tmp_path: Path) -> None:
    with pytest.raises(pycosign.UsageError, match=r"pinned root .*nosuch"):
        pycosign.Trust.tuf(PUBLIC_GOOD_MIRROR, root=tmp_path / "nosuch", offline=True, cache=tmp_path)

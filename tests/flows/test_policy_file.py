"""Opening a policy file: what it names is believed only after its signature, and no socket is opened for it."""

import json
import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import SigningError, UnavailableError, UsageError
from pycosign.flows.blob_source import blob_from_bytes
from pycosign.flows.policy_file import OpenedList, OpenedPolicy, complete_policy, demand_of_trust, open_policy
from pycosign.flows.verify_by_policy import verify_file_by_policy
from pycosign.policy.decide import VerificationPolicy
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import SignerIdentity, SignerKey, Waiver
from tests.verify.factory import ARTIFACT, IDENTITY, ISSUER, NOW, World

LIST = json.dumps(
    {
        "schema": 1,
        "issued": format_rfc3339(NOW - timedelta(days=1)),
        "expires": format_rfc3339(NOW + timedelta(days=1)),
        "identities": [{"identity": IDENTITY}],
    }
).encode()


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def security() -> LocalSigner:
    return generate_signer("ecdsa-p256")


def opened(world: World, data: bytes, signature: Evidence, security: LocalSigner) -> OpenedPolicy:
    of_list = VerificationPolicy((SignerKey(security.public_key),))
    of_files = VerificationPolicy((world.requirements().signer,))
    return OpenedPolicy(of_files, (OpenedList("revocation list", data, (signature,), of_list),))


def test_a_list_counts_when_its_signature_does(world: World, security: LocalSigner) -> None:
    signature = world.blob(security, artifact=LIST)
    policy = complete_policy(opened(world, LIST, signature, security), trust=world.trust(), now=NOW)
    judged = verify_file_by_policy(
        blob_from_bytes(ARTIFACT, "file"), [world.blob()], policy=policy, trust=world.trust(), now=NOW
    )
    assert judged.verdict.error is not None
    assert judged.verdict.error.code == "revoked.identity"


def test_no_changed_bit_of_a_list_is_believed(world: World, security: LocalSigner) -> None:
    signature = world.blob(security, artifact=LIST)
    trust = world.trust()
    for bit in range(0, 8 * len(LIST), 7):
        changed = bytearray(LIST)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(UsageError) as refusal:
            complete_policy(opened(world, bytes(changed), signature, security), trust=trust, now=NOW)
        assert refusal.value.code == "revocation.untrusted"


def test_no_changed_bit_of_its_signature_is_believed(world: World, security: LocalSigner) -> None:
    signature = world.blob(security, artifact=LIST)
    for bit in range(8 * len(signature.signature)):
        changed = bytearray(signature.signature)
        changed[bit // 8] ^= 1 << bit % 8
        forged = signature._replace(signature=bytes(changed))
        with pytest.raises(SigningError) as refusal:
            complete_policy(opened(world, LIST, forged, security), trust=world.trust(), now=NOW)
        assert refusal.value.code == "revocation.untrusted"


def test_a_list_signed_by_another_or_not_logged_is_not_believed(world: World, security: LocalSigner) -> None:
    for signature in (
        world.blob(generate_signer("ecdsa-p256"), artifact=LIST),
        world.blob(artifact=LIST),
        world.blob(security, artifact=b"another list"),
        world.blob(security, artifact=LIST, log=None),
    ):
        with pytest.raises(UsageError) as refusal:
            complete_policy(opened(world, LIST, signature, security), trust=world.trust(), now=NOW)
        assert refusal.value.code == "revocation.untrusted"


def write(folder: Path, **members: Any) -> str:
    path = folder / "policy.yaml"
    path.write_text(json.dumps({"schema": 1, "signers": [{"identity": IDENTITY, "issuer": ISSUER}], **members}))
    return str(path)


def test_paths_are_relative_to_the_policy_and_no_socket_is_opened(
    tmp_path: Path, security: LocalSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*unused: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.pub").write_bytes(security.public_key.pem())
    path = write(tmp_path, signers=[{"key": "keys/a.pub"}])
    monkeypatch.chdir("/")
    (signer,) = open_policy(path).policy.signers
    assert isinstance(signer, SignerKey)
    assert signer.key == security.public_key
    for reference in ("https://example.com/a.pub", "awskms:///alias/a", "pkcs11:token=a", "env://NOWHERE"):
        with pytest.raises(UsageError, match=r"policy\.signers\[0\]\.key: "):
            open_policy(write(tmp_path, signers=[{"key": reference}]), environ={})


def test_what_cannot_be_read_is_said(tmp_path: Path, security: LocalSigner) -> None:
    with pytest.raises(UsageError, match="no such file"):
        open_policy(str(tmp_path / "nowhere.yaml"))
    with pytest.raises(UsageError, match="is a directory"):
        open_policy(str(tmp_path))
    (tmp_path / "a.pub").mkdir()
    with pytest.raises(UsageError, match=r"policy\.signers\[0\]\.key: .*a\.pub: is a directory"):
        open_policy(write(tmp_path, signers=[{"key": "a.pub"}]))
    inline = {"key": security.public_key.pem().decode()}
    (tmp_path / "text").write_text("no key\n")
    for reference in ("text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(UsageError, match=r"policy\.signers\[1\]\.key ") as caught:
            open_policy(write(tmp_path, signers=[inline, {"key": reference}]))
        assert caught.value.code == "policy.malformed"
    for member in ("file", "bundle"):
        named = {"file": "policy.yaml", "bundle": "policy.yaml", member: "nowhere", "signers": [inline]}
        with pytest.raises(UsageError, match=rf"policy\.revocations\[0\]\.{member}: .*nowhere: no such file"):
            open_policy(write(tmp_path, signers=[inline], revocations=[named]))


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="reading the beginning of that fails for root too")
def test_what_is_there_and_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot read"):
        open_policy("/proc/self/mem")
    with pytest.raises(UnavailableError, match="cannot read"):
        open_policy(write(tmp_path, signers=[{"key": "/proc/self/mem"}]))


def test_what_is_no_policy_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_bytes(b"# " + b"a" * (2 << 20))
    with pytest.raises(UsageError, match="is larger"):
        open_policy(str(tmp_path / "policy.yaml"))
    with pytest.raises(UsageError) as refusal:
        open_policy(write(tmp_path, signers=[]))
    assert refusal.value.code == "policy.malformed"


def test_the_trust_that_is_asked_for_is_enough_for_policy_and_lists(world: World, security: LocalSigner) -> None:
    identity, key = world.requirements().signer, SignerKey(security.public_key)
    assert isinstance(identity, SignerIdentity)
    bare = VerificationPolicy((key,), waivers=frozenset({Waiver.TLOG}))
    assert demand_of_trust(OpenedPolicy(bare)).waivers == {Waiver.TLOG}
    assert not demand_of_trust(OpenedPolicy(bare)).use_signed_timestamps
    window = VerificationPolicy((key._replace(valid_until=NOW),), waivers=frozenset({Waiver.TLOG}))
    assert demand_of_trust(OpenedPolicy(window)).use_signed_timestamps
    of_list = VerificationPolicy((identity,))
    demand = demand_of_trust(OpenedPolicy(bare, (OpenedList("list", b"", (), of_list),)))
    assert (demand.signer, demand.waivers) == (identity, frozenset())

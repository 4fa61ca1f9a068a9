"""`verify-blob-attestation` as users call it: attestations that both real Cosigns made, and what is refused."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from pycosign.attest.predicate_types import PREDICATE_TYPES
from tests.cli.conftest import Ran, find_peer
from tests.cli.stage import EMAIL, PASSWORD, Stage, assert_one_error

pytestmark = pytest.mark.peer

PREDICATE = '{"a": 1, "b": "<x>"}'
LINK = '{"_type":"link","name":"n","materials":{},"products":{},"byproducts":{},"environment":{},"command":["a"]}'
URI = "https://example.com/review/v1"
NAMES = (*sorted(set(PREDICATE_TYPES) - {"spdx"}), URI)  # of spdx see tests/flows: Cosign 3 cannot make it


class Cosign:
    """A real Cosign that attests to the stage's file; each attestation is made once."""

    def __init__(self, stage: Stage, name: str) -> None:
        program = find_peer(name)
        if program is None:
            pytest.skip(f"{name} is not built (`make interop` does)")
        self.stage, self.name, self.program = stage, name, program
        self.folder = stage.folder / name
        self.folder.mkdir(exist_ok=True)
        self.old = ("--new-bundle-format=false", "--use-signing-config=false") if name == "cosign3" else ()
        self.who = (*stage.who[:2], "--certificate-oidc-issuer", stage.sandbox.issuer)

    def attest(self, name: str, *words: str, predicate: str = PREDICATE) -> Path:
        """Run `attest-blob` with these words; the file of `--bundle` is returned, `.sig` beside it is the envelope."""
        bundle = self.folder / name
        if not bundle.exists():
            said = self.stage.file("predicate.json", predicate.encode())
            command = [self.program, "attest-blob", "--yes", "--predicate", str(said), "--bundle", str(bundle), *words]
            env = {**self.stage.env, "COSIGN_PASSWORD": PASSWORD}
            done = subprocess.run(
                [*command, str(self.stage.artifact)], env=env, capture_output=True, check=False, timeout=60
            )
            assert done.returncode == 0, done.stderr.decode()
        return bundle

    def keyed(self) -> Path:
        """In the new format, of type custom."""
        flags = (
            () if self.name == "cosign3" else ("--new-bundle-format", "--rekor-url", self.stage.sandbox.urls["rekor"])
        )
        return self.attest("keyed.json", "--key", str(self.stage.key), *flags)

    def legacy(self, kind: str, *words: str) -> Path:
        """In the old format, "keyed" or "keyless", of type custom; `.sig`, `.crt` and `.ts` are beside it."""
        urls = self.stage.sandbox.urls
        flags = [*self.old, "--rekor-url", urls["rekor"], "--output-signature", str(self.folder / f"{kind}.sig")]
        if kind.startswith("keyed"):
            return self.attest(f"{kind}.old", *flags, "--key", str(self.stage.key), *words)
        flags += ["--fulcio-url", urls["fulcio"], "--oidc-issuer", self.stage.sandbox.issuer]
        flags += ["--output-certificate", str(self.folder / f"{kind}.crt")]
        flags += ["--timestamp-server-url", f"{urls['tsa']}/api/v1/timestamp"]
        return self.attest(f"{kind}.old", *flags, "--rfc3161-timestamp-bundle", str(self.folder / f"{kind}.ts"), *words)


@pytest.fixture
def cosign(stage: Stage) -> Cosign:
    return Cosign(stage, "cosign3")


@pytest.fixture(params=["cosign3", "cosign2"])
def either(stage: Stage, request: pytest.FixtureRequest) -> Cosign:
    return Cosign(stage, request.param)


def verify(stage: Stage, *words: object, key: bool = True) -> Ran:
    signer = ("--key", str(stage.public_key)) if key else stage.who
    return stage.run("verify-blob-attestation", *signer, *words)


@pytest.mark.parametrize("name", NAMES)
def test_each_type_of_cosign_verifies_as_that_type_and_as_no_other(stage: Stage, cosign: Cosign, name: str) -> None:
    predicate = LINK if name == "link" else PREDICATE
    flags = ("--key", str(stage.key), "--type", name)
    bundle = cosign.attest(f"{name.replace('/', '_')}.json", *flags, predicate=predicate)
    good = verify(stage, "--bundle", bundle, "--type", name, stage.artifact)
    assert good == Ran(0, "", "Verified OK\n")
    assert verify(stage, "--bundle", bundle, "--type", PREDICATE_TYPES.get(name, name), stage.artifact).status == 0
    for other in ("https://example.com/other", "nosuch", "link" if name != "link" else "vuln"):
        refused = verify(stage, "--bundle", bundle, "--type", other, stage.artifact)
        assert_one_error(refused, 1, naming=PREDICATE_TYPES.get(other, other), code="predicate-type.mismatch")


@pytest.mark.parametrize("log", ["v1", "v2"])
def test_a_keyless_attestation_verifies_and_is_reported(stage: Stage, cosign: Cosign, log: str) -> None:
    config = stage.sandbox.urls["signing_config" if log == "v2" else "signing_config_rekor_v1"]
    bundle = cosign.attest(f"keyless-{log}.json", "--type", "cyclonedx", "--signing-config", config)
    words = ("--bundle", bundle, "--type", "cyclonedx")
    assert verify(stage, *words, stage.artifact, key=False) == Ran(0, "", "Verified OK\n")
    report = json.loads(verify(stage, *words, "--output", "json", stage.artifact, key=False).out)
    assert (report["verdict"], report["identity"]) == ("verified", EMAIL)
    assert report["predicate_type"] == PREDICATE_TYPES["cyclonedx"]
    stranger = ("--certificate-identity", "x", "--certificate-oidc-issuer", stage.sandbox.issuer)
    refused = stage.run("verify-blob-attestation", *stranger, *words, "--output", "json", stage.artifact)
    assert (refused.status, json.loads(refused.out)["code"]) == (1, "identity.mismatch")


def test_the_file_may_be_given_by_its_digest(stage: Stage, either: Cosign) -> None:
    bundle = either.keyed()
    digest = hashlib.sha256(stage.artifact.read_bytes()).hexdigest()
    for written in (digest, digest.upper()):
        assert verify(stage, "--bundle", bundle, "--digest", written, "--digestAlg", "sha256").status == 0
    other = verify(stage, "--bundle", bundle, "--digest", "0" * 64, "--digestAlg", "sha256")
    assert_one_error(other, 1, naming="0" * 64, code="artifact.digest-mismatch")
    both = verify(stage, "--bundle", bundle, "--digest", "0" * 64, "--digestAlg", "sha256", stage.artifact)
    assert both == Ran(0, "", "WARNING: Ignoring provided --digest in favor of provided blob\nVerified OK\n")
    for algorithm in ("md5", "SHA256"):
        wrong = verify(stage, "--bundle", bundle, "--digest", digest, "--digestAlg", algorithm)
        said = f'unsupported --digestAlg "{algorithm}"; supported values are sha256, sha384, sha512'
        assert_one_error(wrong, 1, naming=said, hint=False)
    assert verify(stage, "--bundle", bundle, "--digest", digest[:-2], "--digestAlg", "sha256").status == 1
    assert verify(stage, "--bundle", bundle, "--digest", digest, "--digestAlg", "sha512").status == 1


def test_claims_may_be_waived_and_the_type_not(stage: Stage, cosign: Cosign) -> None:
    bundle = cosign.keyed()
    other = stage.file("other.txt", b"another\n")
    assert_one_error(verify(stage, "--bundle", bundle, other), 1, naming="subjects", code="artifact.digest-mismatch")
    for words in ((other,), (), ("nosuch",)):
        assert verify(stage, "--bundle", bundle, "--check-claims=false", *words).status == 0
    wrong = verify(stage, "--bundle", bundle, "--check-claims=false", "--type", "vuln")
    assert_one_error(wrong, 1, naming="vuln", code="predicate-type.mismatch")


def test_another_signer_is_refused(stage: Stage, either: Cosign) -> None:
    bundle = either.keyed()
    words = ("verify-blob-attestation", "--bundle", bundle, stage.artifact)
    other = stage.run(*words, "--key", stage.other_public_key)
    assert_one_error(other, 1, naming="key", code="key.mismatch")
    assert stage.run(*words, *stage.who).status == 1


def test_a_signature_is_no_attestation(stage: Stage) -> None:
    for words in ((stage.artifact,), ("--check-claims=false",)):
        assert_one_error(
            verify(stage, "--bundle", stage.keyed, *words), 1, naming="bare signature", code="predicate-type.mismatch"
        )
        assert_one_error(verify(stage, "--bundle", stage.legacy_keyed, *words), 1, naming="envelope", code="malformed")


def test_what_says_again_what_a_bundle_says_is_refused(stage: Stage, cosign: Cosign) -> None:
    ran = verify(stage, "--bundle", cosign.keyed(), "--signature", "x", stage.artifact)
    assert_one_error(ran, 1, naming="signature may not be provided using --signature", hint=False)


def test_without_a_log_entry_the_waiver_is_loud(stage: Stage, cosign: Cosign) -> None:
    envelope = cosign.legacy("keyed").with_suffix(".sig")
    ran = verify(stage, "--signature", envelope, "--insecure-ignore-tlog", stage.artifact)
    assert ran.status == 0
    assert "auditability verification for the blob attestation.\n" in ran.err


def test_old_bundles_of_a_key_verify(stage: Stage, either: Cosign) -> None:
    bundle = either.legacy("keyed")
    assert verify(stage, "--bundle", bundle, stage.artifact) == Ran(0, "", "Verified OK\n")
    assert verify(stage, "--bundle", bundle, "--check-claims=false").status == 0
    wrong = verify(stage, "--bundle", bundle, "--type", "vuln", stage.artifact)
    assert_one_error(wrong, 1, naming="vuln", code="predicate-type.mismatch")
    other = stage.run("verify-blob-attestation", "--key", stage.other_public_key, "--bundle", bundle, stage.artifact)
    assert other.status == 1


def test_the_log_entry_of_an_old_envelope_is_looked_up(stage: Stage, either: Cosign) -> None:
    envelope = either.legacy("keyed").with_suffix(".sig")
    words = ("--signature", envelope, "--rekor-url", stage.sandbox.urls["rekor"], stage.artifact)
    assert verify(stage, *words).status == 0
    assert_one_error(verify(stage, *words, "--offline"), 1, naming="log entry", code="tlog.missing")


def test_old_bundles_with_an_intoto_entry_verify(stage: Stage, either: Cosign) -> None:
    bundle = either.legacy("keyed-intoto", "--rekor-entry-type", "intoto")
    assert verify(stage, "--bundle", bundle, stage.artifact).status == 0
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    assert verify(stage, "--signature", bundle.with_suffix(".sig"), *rekor, stage.artifact).status == 0


def test_old_keyless_files_verify(stage: Stage, either: Cosign) -> None:
    bundle = either.legacy("keyless")
    stamp = ("--rfc3161-timestamp", bundle.with_suffix(".ts"))
    loose = ("--signature", bundle.with_suffix(".sig"), "--certificate", bundle.with_suffix(".crt"))
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    for words in (("--bundle", bundle), ("--bundle", bundle, *stamp, "--use-signed-timestamps"), (*loose, *rekor)):
        assert verify(stage, *words, stage.artifact, key=False).status == 0, words
    mixed = verify(stage, "--bundle", bundle, *stamp, stage.artifact, "--type", "spdx", key=False)
    assert_one_error(mixed, 1, naming="spdx", code="predicate-type.mismatch")


def test_cosign_verifies_the_same(stage: Stage, cosign: Cosign) -> None:
    """So that what is accepted here is not only our own opinion."""
    flags = ("--key", str(stage.public_key), "--trusted-root", stage.trusted_root)
    words = [cosign.program, "verify-blob-attestation", *flags, "--bundle", str(cosign.keyed()), str(stage.artifact)]
    for more, status in (([], 0), (["--type", "vuln"], 1)):
        done = subprocess.run([*words, *more], env=stage.env, capture_output=True, check=False, timeout=60)
        assert done.returncode == status

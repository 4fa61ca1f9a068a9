"""What belongs to a signature in files of its own: `--signature`, `--payload`, `--certificate`, `--sct`."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from pycosign.codec.pem import format_pem
from pycosign.crypto.signers import generate_signer
from pycosign.verify.evidence import Evidence
from pycosign.wire.dsse import Envelope, EnvelopeSignature, format_envelope, pae
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE, STATEMENT_V1
from pycosign.wire.legacy import LegacyBundle, format_legacy_bundle
from pycosign.wire.sct_response import sct_response
from pycosign.wire.trusted_root import format_trusted_root, parse_trusted_root
from tests.cli.conftest import Ran, find_peer, run_cli
from tests.cli.stage import EMAIL, OLD_STYLE, Stage, assert_one_error
from tests.net.conftest import ScriptedServer, reply
from tests.verify.factory import ARTIFACT, IDENTITY, ISSUER, World
from tests.verify.promises import beside
from tests.verify.vectors import DATA

MADE = DATA / "corpus"


# ---- images --------------------------------------------------------------------------------------------------------
class Files:
    """An image that was signed keyless in the old format, and the files of its signature."""

    def __init__(self, stage: Stage, name: str, *, upload: bool = True) -> None:
        self.stage = stage
        self.image = f"{stage.sandbox.registry}/{stage.image(name, name.encode())}"
        folder = stage.folder / name
        folder.mkdir()
        self.signature, self.payload, self.certificate = folder / "s", folder / "p", folder / "c"
        urls = stage.sandbox.urls
        stage.must(
            "sign", *OLD_STYLE, "--rekor-url", urls["rekor"], "--fulcio-url", urls["fulcio"],
            "--output-signature", self.signature, "--output-payload", self.payload,
            "--output-certificate", self.certificate, f"--upload={str(upload).lower()}", self.image,
        )  # fmt: skip

    def verify(self, *words: object, who: tuple[str, ...] | None = None) -> Ran:
        who = self.stage.who if who is None else who
        return self.stage.run("verify", *who, "--rekor-url", self.stage.sandbox.urls["rekor"], *words)

    @property
    def loose(self) -> tuple[object, ...]:
        return ("--signature", self.signature, "--payload", self.payload, "--certificate", self.certificate)


@pytest.fixture(scope="module")
def unattached(stage: Stage) -> Files:
    return Files(stage, "unattached", upload=False)


def test_a_signature_in_files_is_verified_as_one_beside_the_image(unattached: Files) -> None:
    assert unattached.verify(unattached.image).status == 10  # nothing is beside it
    ran = unattached.verify(*unattached.loose, unattached.image)
    assert ran.status == 0, ran.err
    element = json.loads(ran.out)[0]
    assert element["optional"]["Subject"] == EMAIL
    assert element["critical"] == json.loads(unattached.payload.read_bytes())["critical"]
    text = unattached.verify(*unattached.loose, "-o", "text", unattached.image)
    assert text.out.encode() == unattached.payload.read_bytes() + b"\n"


def test_the_payload_that_is_always_signed_need_not_be_given(unattached: Files) -> None:
    words = ("--signature", unattached.signature, "--certificate", unattached.certificate)
    ran = unattached.verify(*words, unattached.image)
    assert ran.status == 0, ran.err
    assert "using obsolete implied signature payload data" in ran.err


def test_a_signature_may_be_base64_on_the_command_line(unattached: Files) -> None:
    text = unattached.signature.read_text().strip()
    words = ("--signature", text, "--payload", unattached.payload, "--certificate", unattached.certificate)
    assert unattached.verify(*words, unattached.image).status == 0


def test_files_about_another_image_are_refused(stage: Stage, unattached: Files) -> None:
    other = f"{stage.sandbox.registry}/{stage.image('other', b'other')}"
    assert unattached.verify(*unattached.loose, other).status == 12
    without = ("--signature", unattached.signature, "--certificate", unattached.certificate)
    assert unattached.verify(*without, other).status == 12


@pytest.mark.parametrize("what", ["signature", "payload", "certificate"])
def test_every_file_matters(stage: Stage, unattached: Files, what: str) -> None:
    other = Files(stage, f"foreign-{what}", upload=False)
    words = dict(zip(unattached.loose[::2], unattached.loose[1::2], strict=True))
    words[f"--{what}"] = getattr(other, what)
    ran = unattached.verify(*[word for pair in words.items() for word in pair], unattached.image)
    assert ran.status == 12, ran.err


def test_the_identity_is_demanded_all_the_same(unattached: Files) -> None:
    stranger = ("--certificate-identity", "x@example.com", "--certificate-oidc-issuer", unattached.stage.sandbox.issuer)
    assert unattached.verify(*unattached.loose, unattached.image, who=stranger).status == 12
    assert unattached.verify(*unattached.loose, unattached.image, who=()).status == 1


def test_without_a_certificate_there_is_nobody_to_ask_about(unattached: Files) -> None:
    words = ("--signature", unattached.signature, "--payload", unattached.payload)
    assert unattached.verify(*words, unattached.image).status == 12


def test_offline_there_is_no_log_entry(unattached: Files) -> None:
    assert unattached.verify(*unattached.loose, "--offline", unattached.image).status != 0


def test_the_log_can_be_waived_and_then_the_certificate_is_too_old_or_good_now(unattached: Files) -> None:
    ran = unattached.verify(*unattached.loose, "--insecure-ignore-tlog", unattached.image)
    assert ran.status == 0, ran.err
    assert "Skipping tlog verification" in ran.err


def test_a_certificate_belongs_to_the_signatures_that_are_found(stage: Stage, unattached: Files) -> None:
    attached = Files(stage, "attached")
    assert attached.verify(attached.image).status == 0
    assert attached.verify("--certificate", attached.certificate, attached.image).status == 0
    ran = attached.verify("--certificate", unattached.certificate, attached.image)
    assert ran.status == 12
    assert "made with another certificate" in ran.err


def test_bundles_beside_the_image_do_not_count_for_given_files(stage: Stage, unattached: Files) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('bundled', b'bundled')}"
    stage.must("sign", "--yes", image)
    assert unattached.verify(image).status == 0
    assert unattached.verify("--certificate", unattached.certificate, image).status == 10
    assert unattached.verify(*unattached.loose, image).status == 12


def test_a_key_s_signature_in_files(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('keyed', b'keyed')}"
    outputs = ("--output-signature", stage.folder / "ks", "--output-payload", stage.folder / "kp")
    words = (*OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], "--key", stage.key, "--upload=false")
    stage.must("sign", *words, *outputs, image)
    files = ("--signature", stage.folder / "ks", "--payload", stage.folder / "kp")
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    assert stage.run("verify", "--key", stage.public_key, *rekor, *files, image).status == 0
    assert stage.run("verify", "--key", stage.other_public_key, *rekor, *files, image).status == 12


def pieces_of_trust(trusted_root: str | Path, folder: Path) -> dict[str, str]:
    """A trust root as the files that Cosign 2 reads, in its variables; the first log is Rekor v1."""
    root = parse_trusted_root(Path(trusted_root).read_bytes())
    contents = {
        "SIGSTORE_ROOT_FILE": chain_of(trusted_root, folder).read_bytes(),
        "SIGSTORE_REKOR_PUBLIC_KEY": format_pem("PUBLIC KEY", root.tlogs[0].key_der),
        "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": format_pem("PUBLIC KEY", root.ctlogs[0].key_der),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in contents}


def chain_of(trusted_root: str | Path, folder: Path) -> Path:
    """The certificate authority of a trust root as a file for --certificate-chain."""
    root = parse_trusted_root(Path(trusted_root).read_bytes())
    path = folder / "chain.pem"
    path.write_bytes(b"".join(format_pem("CERTIFICATE", der) for der in root.certificate_authorities[0].chain_der))
    return path


def test_the_authorities_may_be_given_beside_the_certificate(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    chain = ("--certificate-chain", chain_of(stage.trusted_root, tmp_path))
    ran = unattached.verify(*unattached.loose, *chain, unattached.image)
    assert ran.status == 0, ran.err
    chain_of(DATA / "corpus" / "trust" / "made-kinds.json", tmp_path)
    refused = unattached.verify(*unattached.loose, *chain, unattached.image)
    assert refused.status == 12
    assert "does not lead to a trusted authority" in refused.err


def test_certificates_may_come_from_variables_and_urls(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    chain = chain_of(stage.trusted_root, tmp_path)
    env = {
        "LEAF": unattached.certificate.read_text(),
        "CHAIN": chain.read_text(),
        "DATA": unattached.payload.read_text(),
    }
    words = ["--signature", unattached.signature, "--payload", "env://DATA", "--certificate", "env://LEAF"]
    words += ["--certificate-chain", "env://CHAIN", "--rekor-url", stage.sandbox.urls["rekor"]]
    ran = stage.run("verify", *stage.who, *words, unattached.image, env=env)
    assert ran.status == 0, ran.err
    missing = stage.run("verify", *stage.who, *words, unattached.image)
    assert_one_error(missing, 1, naming="$DATA")
    with closing(ScriptedServer()) as server:
        server.answer = lambda request: reply(request, 200, unattached.certificate.read_bytes())
        words[5] = f"http://127.0.0.1:{server.port}/certificate.pem"
        assert stage.run("verify", *stage.who, *words, unattached.image, env=env).status == 0
        assert_one_error(
            stage.run("verify", "--offline", *stage.who, *words, unattached.image, env=env), 1, naming="URL"
        )


def test_a_signature_that_is_no_file_and_no_base64_is_said_to_be_missing(stage: Stage) -> None:
    ran = stage.run("verify-blob", "--key", stage.public_key, "--signature", "nosuch.sig", stage.artifact)
    assert_one_error(ran, 1, naming="nosuch.sig: no such file")


def test_an_attestation_in_a_file_may_be_larger_than_a_key(tmp_path: Path) -> None:
    signer, review = generate_signer(), "https://example.com/review/v1"
    subject = {"name": "artifact", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}
    statement = {"_type": STATEMENT_V1, "subject": [subject], "predicateType": review, "predicate": ["part"] * 200_000}
    payload = json.dumps(statement).encode()
    signature = EnvelopeSignature(signer.sign(pae(IN_TOTO_PAYLOAD_TYPE, payload)))
    envelope = format_envelope(Envelope(payload, IN_TOTO_PAYLOAD_TYPE, (signature,)))
    assert len(envelope) > 1 << 20
    for name, content in (("key.pub", signer.public_key.pem()), ("signature", envelope), ("artifact", ARTIFACT)):
        (tmp_path / name).write_bytes(content)
    words = ("--key", f"{tmp_path}/key.pub", "--insecure-ignore-tlog", "--type", review)
    ran = run_cli("verify-blob-attestation", *words, "--signature", f"{tmp_path}/signature", f"{tmp_path}/artifact")
    assert ran.status == 0, ran.err


VARIABLES = (
    "SIGSTORE_ROOT_FILE",
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "SIGSTORE_TSA_CERTIFICATE_FILE",
)


@pytest.mark.parametrize("name", [*VARIABLES, "--ca-roots", "--certificate-chain", "--timestamp-certificate-chain"])
def test_an_empty_file_of_trust_is_not_none(stage: Stage, unattached: Files, tmp_path: Path, name: str) -> None:
    """It was cut off: whom the repository trusts must not take the place of whom the caller named."""
    path = tmp_path / "empty.pem"
    path.write_bytes(b"")
    words, env = ((f"{name}={path}",), {}) if name.startswith("--") else ((), {name: str(path)})
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])
    ran = stage.run("verify", *stage.who, *rekor, *unattached.loose, *words, unattached.image, env=env)
    assert ran.status == 1
    assert "has no PEM block" in ran.err or "is not a public key" in ran.err
    if name in VARIABLES:
        assert stage.run("verify-blob", "--bundle", stage.keyless_v1, *stage.who, stage.artifact, env=env).status == 1


def test_pieces_that_do_not_suffice_and_a_repository_that_cannot_be_asked_are_unavailable(
    stage: Stage, tmp_path: Path
) -> None:
    """Nothing can be verified with them alone: what is refused then may be good."""
    pieces = pieces_of_trust(stage.trusted_root, tmp_path)
    nobody = {"TUF_MIRROR": "http://127.0.0.1:9"}
    words = ("verify-blob", "--bundle", stage.keyless_v1, *stage.who, stage.artifact)
    for name in pieces:
        ran = stage.run(*words, env={**nobody, name: pieces[name]})
        assert_one_error(ran, 20, naming="127.0.0.1:9")
    assert stage.run(*words, env={**nobody, **pieces}).status == 0


@pytest.mark.parametrize(("flag", "other"), [("payload", "signature"), ("sct", "certificate")])
def test_a_file_that_would_not_be_looked_at_is_refused(unattached: Files, flag: str, other: str) -> None:
    ran = unattached.verify(f"--{flag}", unattached.payload, unattached.image)
    assert ran.status == 1
    assert f"--{flag} is only looked at together with --{other}" in ran.err


@pytest.mark.peer
def test_cosign_reads_the_same_files_and_says_the_same(stage: Stage, unattached: Files, tmp_path: Path) -> None:
    """Cosign 2.6.4 does not: it asks the log for the bare key, where the log has the certificate."""
    cosign = find_peer("cosign3")
    if cosign is None:
        pytest.skip("cosign 3.1.2 is not built (`make interop` does)")
    env = {**stage.env, "HOME": str(stage.folder)}
    rekor = ("--rekor-url", stage.sandbox.urls["rekor"])

    def theirs(*words: object, more: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[bytes]":
        line = [cosign, "verify", *stage.who, *rekor, *words, unattached.image]
        given = {**env, **(more or {})}
        return subprocess.run(list(map(str, line)), env=given, capture_output=True, check=False, timeout=60)

    done = theirs(*unattached.loose)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == json.loads(unattached.verify(*unattached.loose, unattached.image).out)
    chain = ("--certificate-chain", chain_of(stage.trusted_root, tmp_path))
    pieces = pieces_of_trust(stage.trusted_root, tmp_path)  # else it asks the public instance for its keys
    done = theirs(*unattached.loose, *chain, more=pieces)
    assert done.returncode == 0, done.stderr.decode()
    assert theirs(*unattached.loose[:4]).returncode == unattached.verify(*unattached.loose[:4], unattached.image).status


# ---- files ---------------------------------------------------------------------------------------------------------
class Place:
    """A file signed by a certificate that carries no certificate log proof, in the old formats."""

    def __init__(self, folder: Path) -> None:
        self.world, self.folder = World(), folder
        self.trust = self.write("trust.json", format_trusted_root(self.world.trusted_root()))
        self.artifact = self.write("artifact", ARTIFACT)
        self.issued = self.world.certificate(with_sct=False)
        self.evidence = beside(self.world, self.world.blob(self.issued))
        self.sct = self.write_sct("sct.json", self.evidence)
        self.bundle = self.write("bundle.json", self.as_bundle(self.evidence, self.evidence.signature))
        self.who = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def write_sct(self, name: str, evidence: Evidence) -> Path:
        assert evidence.detached_sct is not None
        return self.write(name, json.dumps(sct_response(evidence.detached_sct)).encode())

    def as_bundle(self, evidence: Evidence, signature: bytes) -> bytes:
        pem = format_pem("CERTIFICATE", evidence.chain_der[0])
        return format_legacy_bundle(LegacyBundle(signature, pem, evidence.entries[0]._replace(proof=None)))

    def verify(self, command: str, bundle: Path, *words: object) -> Ran:
        line = (command, *self.who, "--trusted-root", self.trust, "--bundle", bundle, *words, self.artifact)
        return run_cli(*map(str, line), env={"HOME": str(self.folder)})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


def test_a_certificate_without_a_log_proof_needs_one_beside_it(place: Place) -> None:
    assert "no proof that a certificate log knows it" in place.verify("verify-blob", place.bundle).err
    ran = place.verify("verify-blob", place.bundle, "--sct", place.sct)
    assert ran.status == 0, ran.err
    assert ran.err.endswith("Verified OK\n")


def test_a_log_proof_of_another_certificate_is_refused(place: Place) -> None:
    other = beside(place.world, place.world.blob(place.world.certificate(with_sct=False)))
    ran = place.verify("verify-blob", place.bundle, "--sct", place.write_sct("other.json", other))
    assert ran.status == 1
    assert "does not verify" in ran.err


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"sct_version":0}'])
def test_a_file_that_is_no_log_proof_is_refused(place: Place, content: bytes) -> None:
    assert place.verify("verify-blob", place.bundle, "--sct", place.write("bad.json", content)).status == 1
    assert place.verify("verify-blob", place.bundle, "--sct", place.folder / "absent.json").status == 1


def test_an_attestation_s_certificate_too(place: Place) -> None:
    subject = {"name": "artifact", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://example.com/predicate",
        "predicate": {},
    }
    evidence = place.world.attestation(json.dumps(statement).encode(), place.issued)
    assert isinstance(evidence.content, Envelope)
    bundle = place.write("attestation.json", place.as_bundle(evidence, format_envelope(evidence.content)))
    words = ("--type", "https://example.com/predicate")
    assert place.verify("verify-blob-attestation", bundle, *words).status == 1
    ran = place.verify("verify-blob-attestation", bundle, *words, "--sct", place.sct)
    assert ran.status == 0, ran.err
    assert ran.err.endswith("Verified OK\n")


def test_a_given_signature_is_the_one_that_is_verified(place: Place) -> None:
    words = ("--sct", place.sct, "--signature")
    same = place.write("same.sig", place.evidence.signature)
    assert place.verify("verify-blob", place.bundle, *words, same).status == 0
    other = place.write("other.sig", place.issued.signer.sign(ARTIFACT))
    ran = place.verify("verify-blob", place.bundle, *words, other)
    assert ran.status == 1
    assert "the log entry is for another signature" in ran.err


def test_a_key_has_no_certificate_to_prove(place: Place) -> None:
    signer = generate_signer("ecdsa-p256")
    evidence = place.world.blob(signer)
    data = format_legacy_bundle(LegacyBundle(evidence.signature, None, evidence.entries[0]._replace(proof=None)))
    bundle, key = place.write("key.json", data), place.write("key.pub", signer.public_key.pem())
    line = ("verify-blob", "--key", key, "--trusted-root", place.trust, "--bundle", bundle, place.artifact)
    assert run_cli(*map(str, line)).status == 0
    assert "--sct speaks of a certificate" in run_cli(*map(str, line), "--sct", str(place.sct)).err


@pytest.mark.peer
@pytest.mark.parametrize("name", ["cosign3", "cosign2"])
def test_cosign_takes_the_same_log_proof(tmp_path: Path, name: str) -> None:
    cosign = find_peer(name)
    if cosign is None:
        pytest.skip(f"{name} is not built (`make interop` does)")
    env = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        **pieces_of_trust(MADE / "trust" / "made-kinds.json", tmp_path),
    }
    who = ("--certificate-identity", "test@example.com", "--certificate-oidc-issuer", "http://127.0.0.1:29080")
    files = ("--bundle", MADE / "made-kinds" / "detached-sct.json", MADE / "made" / "hello")
    proof = ("--sct", MADE / "made-kinds" / "detached-sct.sct.json")
    for words, status in ((proof, 0), ((), 1)):
        line = [str(word) for word in ("verify-blob", "--offline", *who, *words, *files)]
        theirs = subprocess.run([cosign, *line], env=env, capture_output=True, check=False, timeout=60)
        assert (theirs.returncode != 0, run_cli(*line, env=env).status) == (bool(status), status), theirs.stderr

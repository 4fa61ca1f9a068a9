"""Whole conversations with a private Sigstore: what is printed where, which files appear, how commands end."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pycosign.net.http import HttpClient
from pycosign.oci.client import RegistryClient
from pycosign.stack.env import variables
from pycosign.testing import Sandbox
from pycosign.wire.oci_manifest import OCI_CONFIG, OCI_MANIFEST
from tests.cli.conftest import Cli, Ran, run_cli

OLD = ("--new-bundle-format=false", "--use-signing-config=false", "--yes")


class Sigstore:
    """A sandbox, and commands that use it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.env: Mapping[str, str] = {**variables(sandbox.data_dir), "COSIGN_PASSWORD": "pw"}
        self.who = ("--certificate-identity", "foo@bar.com", "--certificate-oidc-issuer", sandbox.issuer)
        self._images = 0

    def run(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
        return run_cli(*words, env={**self.env, **(env or {})}, stdin=stdin)

    def image(self) -> str:
        """A new image's name with its tag."""
        self._images += 1
        repository = f"{self.sandbox.registry}/app{self._images}"
        with HttpClient() as http:
            registry = RegistryClient(http, allow_http=True)
            config = registry.push_blob(repository, b"{}")
            layer = registry.push_blob(repository, f"layer {self._images}".encode())
            manifest = {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size},
                "layers": [
                    {
                        "mediaType": "application/vnd.oci.image.layer.v1.tar",
                        "digest": layer.digest,
                        "size": layer.size,
                    }
                ],
            }
            registry.push_manifest(repository, json.dumps(manifest).encode(), OCI_MANIFEST, tag="1")
        return f"{repository}:1"


@pytest.fixture(scope="module")
def sigstore() -> Iterator[Sigstore]:
    with Sandbox() as sandbox:
        yield Sigstore(sandbox)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sigstore: Sigstore) -> Path:
    """A directory with a file and a key pair."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello.txt").write_text("hello\n")
    assert (
        sigstore.run("generate-key-pair").err == "Private key written to cosign.key\nPublic key written to cosign.pub\n"
    )
    assert (tmp_path / "cosign.key").stat().st_mode & 0o777 == 0o600
    return tmp_path


def test_a_file_keyless(sigstore: Sigstore, here: Path) -> None:
    signed = sigstore.run("sign-blob", "--bundle", "b.json", "hello.txt")
    assert signed.out == ""
    assert signed.err == (
        "Using payload from: hello.txt\nGenerating ephemeral keys...\n"
        "Signing artifact...\nWrote bundle to file b.json\n"
    )
    assert (here / "b.json").stat().st_mode & 0o777 == 0o600
    assert sigstore.run("verify-blob", "--bundle", "b.json", *sigstore.who, "hello.txt") == Ran(0, "", "Verified OK\n")
    stdin = sigstore.run("verify-blob", "--bundle", "b.json", *sigstore.who, "-", stdin=b"hello\n")
    assert stdin == Ran(0, "", "Verified OK\n")


def test_a_file_with_a_key(sigstore: Sigstore, here: Path) -> None:
    assert sigstore.run("sign-blob", "--key", "cosign.key", "--bundle", "b.json", "-", stdin=b"hello\n").status == 0
    assert sigstore.run("verify-blob", "--bundle", "b.json", "--key", "cosign.pub", "hello.txt").status == 0
    (here / "hello.txt").write_text("changed\n")
    refused = sigstore.run("verify-blob", "--bundle", "b.json", "--key", "cosign.pub", "hello.txt")
    assert refused.status == 1
    assert refused.err.splitlines()[-1].startswith("hint: ")


def test_a_file_with_a_report(sigstore: Sigstore, here: Path) -> None:
    sigstore.run("sign-blob", "--bundle", "b.json", "hello.txt")
    words = ("verify-blob", "--output", "json", "--bundle", "b.json")
    good = json.loads(sigstore.run(*words, *sigstore.who, "hello.txt").out)
    assert (good["schema"], good["verdict"], good["identity"]) == (1, "verified", "foo@bar.com")
    assert good["log_entries"][0]["log_url"] == sigstore.sandbox.urls["rekor_v2"]
    assert [time["source"] for time in good["times"]]
    refused = sigstore.run(*words, "--certificate-identity", "x", "--certificate-oidc-issuer", "y", "hello.txt")
    assert refused.status == 1
    assert json.loads(refused.out)["code"] == "identity.mismatch"
    assert sigstore.run(*words, *sigstore.who, "nosuch").out == ""


@pytest.mark.peer
def test_another_attestation_is_no_signature_unless_any_will_do(sigstore: Sigstore, here: Path, cosign3: Cli) -> None:
    image = sigstore.image()
    (here / "predicate").write_text("{}")
    attest = ("attest", "--yes", "--key", "cosign.key", "--type", "custom", "--predicate", "predicate", image)
    assert cosign3(*attest, env=sigstore.env).status == 0
    words = ("verify", "--key", "cosign.pub", image)
    assert sigstore.run(*words).status == 10
    assert sigstore.run(*words, "--allow-any-predicate").status == 0
    assert cosign3(*words, env=sigstore.env).status == 0  # what we do not copy


def test_trust_that_is_too_old_is_not_used(sigstore: Sigstore, here: Path) -> None:
    sigstore.run("sign-blob", "--bundle", "b.json", "hello.txt")
    words = ("verify-blob", "--bundle", "b.json", *sigstore.who, "hello.txt", "--offline")
    assert sigstore.run(*words, "--max-trust-age", "1h").status == 0
    assert sigstore.run(*words, "--max-trust-age", "1ns").status == 20


def test_a_file_in_the_old_formats(sigstore: Sigstore, here: Path) -> None:
    urls = ("--rekor-url", sigstore.env["REKOR_URL"], "--fulcio-url", sigstore.env["FULCIO_URL"])
    outputs = ("--output-signature", "s", "--output-certificate", "c", "--bundle", "b.json")
    signed = sigstore.run("sign-blob", *OLD, *urls, *outputs, "hello.txt")
    assert signed.status == 0
    assert signed.err.splitlines()[-3:] == [
        "Wrote bundle to file b.json",
        "Wrote signature to file s",
        "Wrote certificate to file c",
    ]
    assert sigstore.run("verify-blob", "--bundle", "b.json", *sigstore.who, "hello.txt").status == 0
    loose = ("--signature", "s", "--certificate", "c", "--rekor-url", sigstore.env["REKOR_URL"])
    assert sigstore.run("verify-blob", *loose, *sigstore.who, "hello.txt").status == 0
    bare = sigstore.run("sign-blob", *OLD, "--tlog-upload=false", "--key", "cosign.key", "hello.txt")
    bare_flags = ("--signature", bare.out.strip(), "--key", "cosign.pub", "--insecure-ignore-tlog")
    assert sigstore.run("verify-blob", *bare_flags, "hello.txt").status == 0
    raw = ("--b64=false", "--tlog-upload=false", "--key", "cosign.key", "--output-file", "raw")
    assert sigstore.run("sign-blob", *OLD, *raw, "hello.txt").status == 0
    assert (here / "raw").read_bytes()[:1] == b"\x30"


def test_without_a_signing_config_the_public_log_is_asked_about(sigstore: Sigstore, here: Path) -> None:
    words = ("sign-blob", *OLD[:2], "--key", "cosign.key", "--rekor-url", sigstore.env["REKOR_URL"], "hello.txt")
    assert "user declined the prompt" in sigstore.run(*words).err
    agreed = sigstore.run(*words, stdin=b"y\n")
    assert agreed.status == 0
    assert "By typing 'y', you attest" in agreed.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("sign-blob", "hello.txt"), "must specify --bundle with --new-bundle-format"),
        (("sign-blob", "--bundle", "b", "hello.txt", "hello.txt"), "--bundle holds the signature of one file"),
        (
            ("sign-blob", "--bundle", "b", "--rekor-url", "http://x", "hello.txt"),
            "cannot specify service URLs and use signing config",
        ),
        (
            ("sign-blob", "--bundle", "b", "--tlog-upload=false", "hello.txt"),
            "--tlog-upload=false is not supported with",
        ),
        (
            ("sign-blob", "--new-bundle-format=false", "hello.txt"),
            "must provide --new-bundle-format or --bundle where applicable",
        ),
        (("sign-blob", "--bundle", "b", "--signing-algorithm", "md5", "hello.txt"), "invalid signing algorithm: md5."),
        (("sign-blob", "--bundle", "b", "--certificate", "c", "hello.txt"), "--certificate is for a key of your own"),
        (("sign", "--upload=false", "x"), "must enable upload to the OCI registry or specify a local --bundle path"),
        (("sign", "-a", "novalue", "x"), "unable to parse annotation: novalue"),
        (
            ("verify", "x"),
            "--certificate-identity or --certificate-identity-regexp is required for verification in keyless mode",
        ),
        (
            ("verify", "--certificate-identity", "a", "x"),
            "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp is required",
        ),
        (
            ("verify", "--key", "k", "--certificate-identity", "a", "x"),
            "exactly one of: key reference (--key) or certificate identity",
        ),
        (("verify", "--max-workers", "0", "x"), "please set the --max-worker flag to a value that is greater than 0"),
        (("verify", "--key", "nosuch", "x"), "open nosuch: no such file or directory"),
        (("verify", "--key", "cosign.key", "x"), "unknown Public key PEM file type: ENCRYPTED SIGSTORE PRIVATE KEY"),
        (
            ("verify-blob", "hello.txt"),
            "provide a key with --key or --sk, a certificate to verify against with --certificate, or a bundle",
        ),
        (
            ("verify-blob", "--key", "k", "--certificate", "c", "x"),
            "exactly one of: key reference (--key), certificate (--cert)",
        ),
        (("verify-blob", "--key", "cosign.pub", "hello.txt"), "missing flag '--signature'"),
        (("triangulate",), "flag: help requested"),
        (("initialize", "--root-checksum", "x"), "--root-checksum is for --root"),
    ],
)
def test_what_makes_no_sense_is_refused_in_cosigns_words(
    sigstore: Sigstore, here: Path, words: tuple[str, ...], complaint: str
) -> None:
    ran = sigstore.run(*words)
    assert ran.status == 1
    assert complaint in next(line for line in ran.err.splitlines() if line.startswith("Error: "))


def test_an_image_keyless(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    signed = sigstore.run("sign", image)
    digest = signed.err.rpartition("@")[2].split(",")[0]
    assert signed.out == ""
    assert signed.err.startswith(
        f"WARNING: Image reference {image} uses a tag, not a digest, to identify the image to sign.\n"
    )
    assert signed.err.endswith(f"Signed {image.rpartition(':')[0]}@{digest}, which {image} stands for\n")
    verified = sigstore.run("verify", *sigstore.who, image)
    assert verified.status == 0
    assert verified.err == (
        f"\nVerification for {image} --\n"
        "The following checks were performed on each of these signatures:\n"
        "  - The cosign claims were validated\n"
        "  - Existence of the claims in the transparency log was verified offline\n"
        "  - The code-signing certificate was verified using trusted certificate authority certificates\n"
        f"The digest that was verified: {digest}\n"
    )
    claim = {"identity": {"docker-reference": image}, "image": {"docker-manifest-digest": digest}}
    kind = "https://sigstore.dev/cosign/sign/v1"
    assert json.loads(verified.out) == [{"critical": {**claim, "type": kind}, "optional": {}}]
    assert verified.out.startswith("\n[{")
    assert verified.out.endswith("}]\n")
    by_digest = sigstore.run("sign", "--key", "cosign.key", f"{image.rpartition(':')[0]}@{digest}")
    assert "WARNING" not in by_digest.err


def test_an_image_with_a_key_and_annotations(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    signed = sigstore.run("sign", "--key", "cosign.key", "-a", "a=1", "-a", "b=<2>", "--bundle", "b.json", image)
    assert "Wrote bundle to file b.json\n" in signed.err
    verified = sigstore.run("verify", "--key", "cosign.pub", "-a", "a=1", image)
    assert "  - The specified annotations were verified.\n" in verified.err
    assert '"optional":{"a":"1","b":"\\u003c2\\u003e"}' in verified.out
    refused = sigstore.run("verify", "--key", "cosign.pub", "-a", "a=2", image)
    assert (refused.status, refused.out) == (1, "")


def test_an_image_in_the_old_format(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    url = ("--rekor-url", sigstore.env["REKOR_URL"])
    outputs = ("--output-signature", "s", "--output-payload", "p", "--output-certificate", "c", "--bundle", "b")
    signed = sigstore.run("sign", *OLD, "--key", "cosign.key", *url, *outputs, image)
    assert "Certificate wrote in the file c\n" in signed.err
    assert (here / "c").read_bytes() == (here / "cosign.pub").read_bytes()
    verified = sigstore.run("verify", "--key", "cosign.pub", image)
    element = json.loads(verified.out)[0]
    assert element["critical"] == json.loads((here / "p").read_bytes())["critical"]
    assert set(element["optional"]) == {"Bundle"}
    text = sigstore.run("verify", "--key", "cosign.pub", "-o", "text", image)
    assert text.out.encode() == (here / "p").read_bytes() + b"\n"
    wrong = sigstore.run("verify", *sigstore.who, image)
    assert wrong.status == 12
    unlogged = sigstore.run("verify", "--key", "cosign.pub", "--insecure-ignore-tlog", image).err
    assert unlogged.startswith("WARNING: Skipping tlog verification is an insecure practice")
    assert "  - Existence" not in unlogged


def test_the_exit_statuses_of_verify(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    assert sigstore.run("verify", "--key", "cosign.pub", image).status == 10
    assert sigstore.run("verify", "--key", "cosign.pub", image + "x").status == 11
    assert sigstore.run("verify", "--key", "cosign.pub", "127.0.0.1:1/app:1", "--allow-http-registry").status == 20


def test_several_images_print_the_good_ones_first(sigstore: Sigstore, here: Path) -> None:
    good, bad = sigstore.image(), sigstore.image()
    sigstore.run("sign", "--key", "cosign.key", good)
    ran = sigstore.run("verify", "--key", "cosign.pub", good, bad)
    assert ran.status == 10
    assert len(ran.out.splitlines()) == 2


def test_what_is_beside_an_image(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    assert sigstore.run("tree", image).out == (
        f"\U0001f4e6 Supply Chain Security Related artifacts for an image: {image}\n"
        f"No Supply Chain Security Related Artifacts found for image {image},\n"
        " start creating one with simply running$ cosign sign <img>"
    )
    assert sigstore.run("download", "signature", image).err.startswith(f"Error: {image}: no signatures associated\n")
    sigstore.run("sign", "--key", "cosign.key", image)
    sigstore.run("sign", *OLD, "--key", "cosign.key", "--tlog-upload=false", image)
    lines = sigstore.run("tree", image).out.splitlines()
    place = sigstore.run("triangulate", image).out.strip()
    assert place.endswith(".sig")
    assert f"\u2514\u2500\u2500 \U0001f510 Signatures for an image tag: {place}" in lines
    assert any("\U0001f517 https://sigstore.dev/cosign/sign/v1 artifacts via OCI referrer: " in line for line in lines)
    bundle = json.loads(sigstore.run("download", "signature", image).out)
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert "@sha256:" in sigstore.run("triangulate", "--type", "digest", image).out


def test_signatures_may_be_kept_in_another_repository(sigstore: Sigstore, here: Path) -> None:
    image = sigstore.image()
    elsewhere = {"COSIGN_REPOSITORY": f"{sigstore.sandbox.registry}/signatures"}
    assert sigstore.run("sign", *OLD, "--key", "cosign.key", "--tlog-upload=false", image, env=elsewhere).status == 0
    words = ("verify", "--key", "cosign.pub", "--insecure-ignore-tlog", image)
    assert sigstore.run(*words).status == 10
    assert sigstore.run(*words, env=elsewhere).status == 0
    assert "COSIGN_REPOSITORY" in sigstore.run(*words, env={"COSIGN_REPOSITORY": f"{image}"}).err


def test_initialize_keeps_what_it_fetched(sigstore: Sigstore, here: Path) -> None:
    cache = {"TUF_ROOT": str(here / "tuf"), "TUF_MIRROR": "", "TUF_ROOT_JSON": ""}
    words = ("initialize", "--mirror", sigstore.env["TUF_MIRROR"], "--root", sigstore.env["TUF_ROOT_JSON"])
    assert sigstore.run(*words, env=cache).status == 0
    assert json.loads((here / "tuf" / "remote.json").read_text())["mirror"] == sigstore.env["TUF_MIRROR"]
    assert sigstore.run("sign-blob", "--bundle", "b.json", "hello.txt", env=cache).status == 0
    wrong = sigstore.run(*words, "--root-checksum", "0" * 64, env=cache)
    assert wrong.status == 1


def test_the_stack_is_described(sigstore: Sigstore, here: Path) -> None:
    data = ("--data", sigstore.sandbox.data_dir)
    assert sigstore.run("stack", "status", *data).status == 0
    assert json.loads(sigstore.run("stack", "status", *data, "--output", "json").out)["schema"] == 1
    names = [line.split("=")[0] for line in sigstore.run("stack", "env", *data).out.splitlines()]
    assert "export SIGSTORE_ID_TOKEN" in names
    assert not any("COSIGN_" in name for name in names)
    token = sigstore.run("stack", "token", *data, "--email", "a@example.com").out.strip()
    words = ("sign-blob", "--identity-token", token, "--bundle", "b.json", "hello.txt")
    assert sigstore.run(*words).status == 0
    who = ("--certificate-identity", "a@example.com", "--certificate-oidc-issuer", sigstore.sandbox.issuer)
    assert sigstore.run("verify-blob", "--bundle", "b.json", *who, "hello.txt").status == 0
    assert sigstore.run("stack", "status", "--data", "nosuch").status == 1
    assert sigstore.run("stack", "token", *data).status == 1


def test_a_verbose_run_shows_traffic_without_secrets(sigstore: Sigstore, here: Path) -> None:
    ran = sigstore.run("sign-blob", "-d", "--bundle", "b.json", "hello.txt")
    assert "/api/v2/signingCert" in ran.err
    assert sigstore.env["SIGSTORE_ID_TOKEN"] not in ran.err


# ---- the real Cosign prints the same -------------------------------------------------------------------------------
def _groups(tree: str) -> list[str]:
    """The head of a tree and its groups, each with what is below it, sorted."""
    head, *groups = tree.split("\n└── ")
    return [head.rstrip("\n"), *sorted(group.rstrip("\n") for group in groups)]


@pytest.mark.peer
@pytest.mark.parametrize("old", [False, True], ids=["bundle", "legacy"])
def test_cosign_prints_the_same_of_our_image(sigstore: Sigstore, here: Path, cosign3: Cli, old: bool) -> None:
    image = sigstore.image()
    url = ("--rekor-url", sigstore.env["REKOR_URL"])
    keyless = (*OLD, *url, "--fulcio-url", sigstore.env["FULCIO_URL"]) if old else ("--yes",)
    keyed = (*OLD, *url, "--key", "cosign.key") if old else ("--yes", "--key", "cosign.key")
    assert sigstore.run("sign", *keyless, sigstore.image()).status == 0  # Go leaves the index 0 of a first entry out
    assert sigstore.run("sign", *keyless, image).status == 0
    assert sigstore.run("sign", *keyed, "-a", "a=<&>", image).status == 0
    for words in (
        ("verify", *sigstore.who, image),
        ("verify", *sigstore.who, "-o", "text", image),
        ("verify", "--key", "cosign.pub", "-a", "a=<&>", image),
        ("verify", "--key", "cosign.pub", "-o", "text", image),
        ("tree", image),
        ("triangulate", image),
    ):
        ours, theirs = sigstore.run(*words), cosign3(*words, env=sigstore.env)
        assert (ours.status, theirs.status) == (0, 0), theirs.err
        if words[0] == "tree":  # Go goes through what it found in another order each time
            assert _groups(ours.out) == _groups(theirs.out)
        else:
            assert ours.out == theirs.out
    if not old:  # of certificates in the old format, Go's own structure is not written again
        ours, theirs = (
            run("download", "signature", image) for run in (sigstore.run, lambda *w: cosign3(*w, env=sigstore.env))
        )
        assert sorted(ours.out.splitlines()) == sorted(theirs.out.splitlines())


@pytest.mark.peer
def test_cosign_and_we_verify_each_others_files(sigstore: Sigstore, here: Path, cosign3: Cli) -> None:
    def theirs(*words: str) -> Ran:
        return cosign3(*words, env=sigstore.env)

    for signer, verifier in ((sigstore.run, theirs), (theirs, sigstore.run)):
        for means, demanded in ((("--key", "cosign.key"), ("--key", "cosign.pub")), ((), sigstore.who)):
            signed = signer("sign-blob", "--yes", *means, "--bundle", "b.json", "hello.txt")
            assert signed.status == 0, signed.err
            verified = verifier("verify-blob", *demanded, "--bundle", "b.json", "hello.txt")
            assert (verified.status, verified.err) == (0, "Verified OK\n")

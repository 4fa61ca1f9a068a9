"""`trusted-root create` and `signing-config create`: the documents of Cosign 3.1.2; both tools verify by them."""

import datetime as dt
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from pycosign.codec.pem import format_pem
from pycosign.flows.trusted_root_create import GivenRoot, create_trusted_root
from pycosign.wire.signing_config import parse_signing_config
from pycosign.wire.trusted_root import TrustedRoot, parse_trusted_root
from tests.cli.conftest import Cli, run_cli
from tests.cli.stage import Stage
from tests.cli.test_peer import shown

START = "start-time=2024-01-01T00:00:00Z"
SERVICE = f"url=https://x.example,api-version=1,{START},operator=me"
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def write_public(path: Path, key: Key) -> None:
    path.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def certificate(subject: list[x509.NameAttribute[str]], issuer: x509.Name | None, signer: Key, *, is_ca: bool) -> bytes:
    name = x509.Name(subject)
    now = dt.datetime(2025, 3, 4, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder(issuer or name, name, signer.public_key(), 77 + is_ca)
        .not_valid_before(now if is_ca else now + dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def material(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with keys and chains."""
    monkeypatch.chdir(tmp_path)
    p256, p384, p521 = (ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1))
    for name, key in (("p256", p256), ("p384", p384), ("p521", p521), ("ed", ed25519.Ed25519PrivateKey.generate())):
        write_public(tmp_path / f"{name}.pub", key)
    big = rsa.generate_private_key(65537, 2048)
    write_public(tmp_path / "rsa.pub", big)
    (tmp_path / "pkcs1.pub").write_bytes(
        big.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    )
    (tmp_path / "private.pem").write_bytes(
        p256.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    parts = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Org & Söhne"),
        x509.NameAttribute(NameOID.COMMON_NAME, "A"),
        x509.NameAttribute(NameOID.COMMON_NAME, "B"),
    ]
    root = certificate(parts, None, p384, is_ca=True)
    leaf = certificate([x509.NameAttribute(NameOID.COMMON_NAME, "leaf")], x509.Name(parts), p384, is_ca=False)
    (tmp_path / "ca.pem").write_bytes(root)
    (tmp_path / "leaf.pem").write_bytes(leaf)
    (tmp_path / "nameless.pem").write_bytes(certificate([], None, p256, is_ca=True))
    (tmp_path / "chain.pem").write_bytes(b"leaf\n" + leaf + b"root\n" + root)
    (tmp_path / "junk").write_text("junk\n")
    (tmp_path / "base.json").write_text(
        json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [{"url": "https://ca", "majorApiVersion": 1, "operator": "b"}],
                "oidcUrls": [
                    {"url": "https://oidc", "majorApiVersion": 1, "validFor": {"start": "2020-01-01T00:00:00Z"}}
                ],
                "rekorTlogUrls": [{"url": "https://log", "majorApiVersion": 2, "operator": "b"}],
                "rekorTlogConfig": {"selector": "EXACT", "count": 1},
                "tsaConfig": {},  # Cosign panics without
            }
        )
    )
    return tmp_path


def ordered(text: str) -> object:
    """The JSON with the order of its members; Cosign's writer puts blanks where each build of it pleases."""
    return json.loads(text, object_pairs_hook=list)


DOCUMENTS = [
    ("trusted-root", "create"),
    ("trusted-root", "create", "word"),
    *(("trusted-root", "create", "--rekor", f"url=u,public-key={key}.pub,{START}") for key in ("p256", "p384", "p521")),
    *(("trusted-root", "create", "--rekor", f"url=u,public-key={key}.pub,{START}") for key in ("rsa", "pkcs1", "ed")),
    ("trusted-root", "create", "--rekor", f"url=u,public-key=ed.pub,origin=log.example,{START}"),
    ("trusted-root", "create", "--rekor", f"url=u,public-key=rsa.pub,origin=log.example,{START}"),
    ("trusted-root", "create", "--ctfe", f"url=u,public-key=p256.pub,origin=log.example,{START}"),
    ("trusted-root", "create", "--ctfe", f" url = u , public-key = p256.pub , {START} , end-time= "),
    (
        *("trusted-root", "create", "--rekor", f"url=late,public-key=p256.pub,{START}"),
        *("--rekor", "url=early,public-key=ed.pub,start-time=2023-12-31T23:59:59.123+00:01"),
        *("--rekor", f"url=again,public-key=p256.pub,{START},end-time=2024-06-01T00:00:00-01:00"),
    ),
    ("trusted-root", "create", "--fulcio", "url=u,certificate-chain=ca.pem"),
    ("trusted-root", "create", "--fulcio", "url=u,certificate-chain=nameless.pem,end-time=2030-01-01T00:00:00Z"),
    ("trusted-root", "create", "--fulcio", f"url=u,certificate-chain=chain.pem,{START}"),
    (
        *("trusted-root", "create", "--fulcio", "url=u,certificate-chain=ca.pem"),
        *("--fulcio", f"url=older,certificate-chain=ca.pem,{START}"),
    ),
    ("trusted-root", "create", "--tsa", "url=u,certificate-chain=chain.pem"),
    ("trusted-root", "create", "--tsa", "url=u,certificate-chain=leaf.pem"),
    (
        *("trusted-root", "create", "--rekor-key", "ed.pub,log.example", "--rekor-key", "p256.pub", "--rekor-url", "u"),
        *("--rekor-start-time", "2024-01-01T1:00:00Z", "--rekor-end-time", "2025-01-01T00:00:00,5Z"),
        *("--ctfe-key", "p384.pub", "--certificate-chain", "ca.pem", "--certificate-chain", "chain.pem"),
        *("--fulcio-uri", "f", "--timestamp-certificate-chain", "chain.pem", "--timestamp-uri", "t"),
    ),
    ("trusted-root", "create", "--rekor-key", "p256.pub,"),
    ("signing-config", "create"),
    ("signing-config", "create", "word"),
    ("signing-config", "create", "--fulcio", SERVICE, "--oidc-provider", SERVICE, "--oidc-provider", SERVICE),
    ("signing-config", "create", "--rekor", SERVICE, "--rekor-config", "any"),
    ("signing-config", "create", "--rekor", SERVICE + ",end-time=2030-01-01T00:00:00Z", "--rekor-config", "ALL"),
    ("signing-config", "create", "--tsa", SERVICE, "--tsa", SERVICE, "--tsa-config", "Exact:02"),
    ("signing-config", "create", "--rekor-config", "EXACT:3", "--tsa-config", "all"),
    ("signing-config", "create", "--base-config", "base.json"),
    ("signing-config", "create", "--base-config", "base.json", "--fulcio", SERVICE),
    ("signing-config", "create", "--base-config", "base.json", "--rekor", SERVICE, "--rekor-config", "ALL"),
    ("signing-config", "create", "--base-config", "base.json", "--no-default-rekor", "--no-default-oidc"),
    ("signing-config", "create", "--base-config", "base.json", "--rekor-config", "ALL"),
]
COMPLAINTS = [
    ("trusted-root", "create", "--rekor", "url=a", "--rekor-key", "p256.pub"),
    ("trusted-root", "create", "--fulcio", "url=a", "--fulcio-uri", "x"),
    ("trusted-root", "create", "--ctfe", "url=a", "--ctfe-url", "x"),
    ("trusted-root", "create", "--tsa", "url=a", "--timestamp-uri", "x"),
    ("trusted-root", "create", "--rekor", "url"),
    ("trusted-root", "create", "--rekor", ""),
    ("trusted-root", "create", "--rekor", "url=a"),
    ("trusted-root", "create", "--rekor", f"url=a,public-key=nosuch,{START}"),
    ("trusted-root", "create", "--rekor", f"url=a,public-key=junk,{START}"),
    ("trusted-root", "create", "--rekor", f"url=a,public-key=ca.pem,{START}"),
    ("trusted-root", "create", "--rekor", f"url=a,public-key=private.pem,{START}"),
    ("trusted-root", "create", "--rekor", f"url=a,public-key=.,{START}"),
    ("trusted-root", "create", "--fulcio", "url=a"),
    ("trusted-root", "create", "--fulcio", "url=a,certificate-chain=nosuch"),
    ("trusted-root", "create", "--fulcio", "url=a,certificate-chain=junk"),
    ("trusted-root", "create", "--fulcio", "url=a,certificate-chain="),
    ("trusted-root", "create", "--tsa", "url=a,certificate-chain=ca.pem"),
    ("trusted-root", "create", "--tsa", "url=a"),
    ("trusted-root", "create", "--timestamp-certificate-chain", "leaf.pem"),
    ("trusted-root", "create", "--timestamp-certificate-chain", "ca.pem"),
    ("trusted-root", "create", "--rekor-key", "nosuch"),
    ("trusted-root", "create", "--certificate-chain", "nosuch"),
    ("trusted-root", "create", "--out"),
    ("signing-config", "create", "--rekor", SERVICE),
    ("signing-config", "create", "--tsa", SERVICE),
    ("signing-config", "create", "--fulcio", "x"),
    ("signing-config", "create", "--fulcio", "url=x"),
    ("signing-config", "create", "--oidc-provider", SERVICE.replace("version=1", "version=a")),
    ("signing-config", "create", "--oidc-provider", SERVICE.replace("version=1", "version=-1")),
    ("signing-config", "create", "--oidc-provider", SERVICE.replace("version=1", "version=4294967296")),
    *(
        ("signing-config", "create", "--fulcio", SERVICE.replace("2024-01-01T00:00:00Z", time))
        for time in (
            *("yesterday", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01", "2024-02-30T00:00:00Z"),
            *("2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00Zx"),
            *("2024-1-01T00:00:00Z", "2024-01-01 00:00:00Z", "24-01-01T00:00:00Z", "2024-01-00T00:00:00Z"),
        )
    ),
    ("signing-config", "create", "--rekor-config", "XX"),
    ("signing-config", "create", "--rekor-config", "any:1"),
    ("signing-config", "create", "--tsa-config", "EXACT"),
    ("signing-config", "create", "--tsa-config", "EXACT:x"),
    ("signing-config", "create", "--base-config", "nosuch"),
    ("signing-config", "create", "--base-config", "base.json", "--with-default-services"),
    ("signing-config", "create", "--base-config", "base.json", "--with-default-rekor-v2"),
]


@pytest.mark.peer
@pytest.mark.parametrize("words", DOCUMENTS, ids=" ".join)
def test_a_document_is_cosigns(material: Path, cosign3: Cli, words: tuple[str, ...]) -> None:
    ours, theirs = run_cli(*words), cosign3(*words)
    assert (ours.status, ours.err) == (theirs.status, theirs.err) == (0, ours.err)
    assert ours.out.endswith("}\n")
    assert ordered(ours.out) == ordered(theirs.out)


@pytest.mark.peer
@pytest.mark.parametrize("words", COMPLAINTS, ids=" ".join)
def test_a_complaint_is_cosigns(material: Path, cosign3: Cli, words: tuple[str, ...]) -> None:
    assert shown(run_cli(*words)) == shown(cosign3(*words))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("signing-config", "create", "--fulcio", SERVICE + ",endtime=2030-01-01T00:00:00Z"), "unknown key 'endtime'"),
        (("signing-config", "create", "--fulcio", SERVICE + ",url=y"), "key 'url' is given twice"),
        (("signing-config", "create", "--fulcio", SERVICE.replace("version=1", "version=0")), "0 is no version"),
        (("signing-config", "create", "--fulcio", SERVICE + ",end-time=2023-01-01T00:00:00Z"), "before start-time"),
        (("signing-config", "create", "--tsa-config", "EXACT:0"), "0 of the services"),
        (("trusted-root", "create", "--rekor", f"url=u,public-key=ed.pub,origin=,{START}"), "empty key 'origin'"),
        (("trusted-root", "create", "--rekor", f"url=u,public-key=ed.pub,orgin=x,{START}"), "unknown key 'orgin'"),
        (("trusted-root", "create", "--rekor-key", "ed.pub", "--rekor-url", "a", "--rekor-url", "b"), "more was given"),
        (("trusted-root", "create", "--fulcio-uri", "a"), "more was given"),
    ],
)
def test_what_cosign_takes_and_nobody_means_is_refused(material: Path, words: tuple[str, ...], part: str) -> None:
    ran = run_cli(*words)
    assert (ran.status, ran.out) == (1, "")
    assert part in ran.err


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--fulcio", "url=u,certificate-chain={}"),
        ("--tsa", "url=u,certificate-chain={}"),
        ("--certificate-chain", "{}"),
        ("--timestamp-certificate-chain", "{}"),
    ],
)
def test_what_is_no_certificate_is_named_with_its_flag(material: Path, flag: str, value: str) -> None:
    (material / "broken.pem").write_bytes(format_pem("CERTIFICATE", b"\0\0\0"))
    for path, part in (("p256.pub", "holds a PUBLIC KEY"), ("broken.pem", "cannot be read")):
        ran = run_cli("trusted-root", "create", flag, value.format(path))
        assert (ran.status, ran.out) == (1, "")
        assert f"{flag} wants certificates, and " in ran.err
        assert f"{path} {part}" in ran.err


def test_an_operator_is_written_and_kept(material: Path) -> None:
    log = f"url=u,public-key=p256.pub,{START},operator=Acme"
    ran = run_cli(
        *("trusted-root", "create", "--rekor", log, "--ctfe", log),
        *("--fulcio", "url=f,certificate-chain=ca.pem,operator=Acme Europe"),
        *("--tsa", "url=t,certificate-chain=chain.pem,operator=Acme"),
    )
    assert ran.status == 0, ran.err
    root = parse_trusted_root(ran.out.encode())
    assert [log.operator for log in (*root.tlogs, *root.ctlogs)] == ["Acme", "Acme"]
    assert root.certificate_authorities[0].operator == "Acme Europe"
    assert root.timestamp_authorities[0].operator == "Acme"
    # Cosign would forget it here: two domains of one operator would then be two logs
    assert parse_trusted_root(create_trusted_root(GivenRoot(), base=root, read=lambda path: b"")) == root


def test_what_a_log_of_the_base_has_is_kept(material: Path) -> None:
    """Cosign would write the first as a log of pure Ed25519, without the id by which its checkpoints name the key."""
    ran = run_cli("trusted-root", "create", "--rekor", f"url=u,public-key=ed.pub,{START}")
    (plain,) = parse_trusted_root(ran.out.encode()).tlogs
    log = plain._replace(
        key_details="PKIX_ED25519_PH", checkpoint_key_id=b"hint", hash_algorithm="sha512", operator="Acme"
    )
    root = TrustedRoot(tlogs=(log,), ctlogs=(log,))
    assert parse_trusted_root(create_trusted_root(GivenRoot(), base=root, read=lambda path: b"")) == root


def test_a_file_is_written_for_its_owner_and_replaced(material: Path) -> None:
    for _ in range(2):
        assert run_cli("trusted-root", "create", "--out", "root.json").out == ""
        assert (material / "root.json").stat().st_mode & 0o777 == 0o600
    (material / "kept").write_text("kept")
    assert run_cli("trusted-root", "create", "--out", "kept", "--fulcio", "url=x").status == 1
    assert (material / "kept").read_text() == "kept"


def test_the_default_services_are_those_of_the_repository(stage: Stage) -> None:
    root = parse_trusted_root(stage.must("trusted-root", "create", "--with-default-services").out.encode())
    written = parse_trusted_root(Path(stage.trusted_root).read_bytes())
    assert {log.log_id for log in root.tlogs} == {log.log_id for log in written.tlogs}
    assert root.certificate_authorities == written.certificate_authorities
    words = ("trusted-root", "create", "--with-default-services", "--no-default-rekor", "--no-default-tsa")
    less = parse_trusted_root(stage.must(*words).out.encode())
    assert (less.tlogs, less.timestamp_authorities) == ((), ())
    config = parse_signing_config(stage.must("signing-config", "create", "--with-default-services").out.encode())
    assert [service.url for service in config.rekor] == [stage.sandbox.urls["rekor_v2"]]
    ran = stage.run("signing-config", "create", "--with-default-rekor-v2")
    assert ran.status == 20  # only the public repository has that target
    assert "signing_config_rekor_v2.v0.2.json" in ran.err


def described(stage: Stage, folder: Path) -> tuple[Path, Path]:
    """The stage's services, described by created documents: a trusted root and a signing config."""
    root = parse_trusted_root(Path(stage.trusted_root).read_bytes())
    words: list[str] = []
    for number, (flag, log) in enumerate(
        [*(("rekor", log) for log in root.tlogs), *(("ctfe", x) for x in root.ctlogs)]
    ):
        path = folder / f"log{number}.pub"
        path.write_bytes(format_pem("PUBLIC KEY", log.key_der))
        # Rekor v2 signs its checkpoints as its host
        origin = ",origin=127.0.0.1" if log.key_details == "PKIX_ED25519" else ""
        words += [f"--{flag}", f"url={log.base_url},public-key={path},start-time=2020-01-01T00:00:00Z{origin}"]
    pairs = [("fulcio", root.certificate_authorities[0]), ("tsa", root.timestamp_authorities[0])]
    for flag, authority in pairs:
        path = folder / f"{flag}.pem"
        path.write_bytes(b"".join(format_pem("CERTIFICATE", der) for der in authority.chain_der))
        words += [f"--{flag}", f"url={authority.uri},certificate-chain={path}"]
    created = folder / "root.json"
    stage.must("trusted-root", "create", *words, "--out", created)
    urls = stage.sandbox.urls
    rest = "start-time=2020-01-01T00:00:00Z,operator=me"
    config = folder / "config.json"
    stage.must(
        *("signing-config", "create", "--fulcio", f"url={urls['fulcio']},api-version=1,{rest}"),
        *("--oidc-provider", f"url={urls['oidc']},api-version=1,{rest}"),
        *("--rekor", f"url={urls['rekor_v2']},api-version=2,{rest}", "--rekor-config", "ANY"),
        *("--tsa", f"url={urls['tsa']}/api/v1/timestamp,api-version=1,{rest}", "--tsa-config", "ALL"),
        *("--out", config),
    )
    return created, config


def test_we_sign_and_verify_with_created_documents(stage: Stage, tmp_path: Path) -> None:
    root, config = described(stage, tmp_path)
    bundle = tmp_path / "bundle.json"
    sign = ("sign-blob", "--yes", "--signing-config", config, "--trusted-root", root, "--bundle", bundle)
    stage.must(*sign, stage.artifact)
    stage.must("verify-blob", "--trusted-root", root, "--bundle", bundle, *stage.who, stage.artifact)


@pytest.mark.peer
def test_cosign_signs_and_verifies_with_created_documents(stage: Stage, tmp_path: Path, cosign3: Cli) -> None:
    root, config = described(stage, tmp_path)
    for name, program in (("ours", stage.run), ("theirs", cosign3)):
        bundle = tmp_path / f"{name}.json"
        sign = ("sign-blob", "--yes", "--signing-config", config, "--trusted-root", root, "--bundle", bundle)
        signed = program(*map(str, (*sign, stage.artifact)), env=stage.env)
        assert signed.status == 0, signed.err
        verify = ("verify-blob", "--trusted-root", root, "--bundle", bundle, *stage.who, stage.artifact)
        for verifier in (stage.run, cosign3):
            verified = verifier(*map(str, verify), env=stage.env)
            assert verified.status == 0, verified.err


DEFAULTS = [
    ("trusted-root", "create", "--with-default-services"),
    ("trusted-root", "create", "--with-default-services", "--no-default-fulcio", "--no-default-ctfe"),
    ("trusted-root", "create", "--with-default-services", "--rekor", f"url=u,public-key=p256.pub,{START}"),
    ("trusted-root", "create", "--with-default-services", "--tsa", f"url=u,certificate-chain=chain.pem,{START}"),
    ("trusted-root", "create", "--no-default-rekor"),
    ("signing-config", "create", "--with-default-services"),
    ("signing-config", "create", "--with-default-services", "--no-default-tsa", "--no-default-oidc"),
    ("signing-config", "create", "--with-default-services", "--fulcio", SERVICE, "--rekor-config", "ALL"),
    ("signing-config", "create", "--with-default-services", "--rekor", SERVICE, "--rekor-config", "EXACT:2"),
]


@pytest.mark.peer
@pytest.mark.parametrize("words", DEFAULTS, ids=" ".join)
def test_default_services_are_taken_as_cosign_takes_them(
    stage: Stage, material: Path, cosign3: Cli, words: tuple[str, ...]
) -> None:
    """Logs whose keys became valid at the same moment stand in whatever order in Cosign's document."""
    ours, theirs = stage.must(*words), cosign3(*words, env=stage.env)
    assert theirs.status == 0, theirs.err
    read = [json.loads(ran.out) for ran in (ours, theirs)]
    for document in read:
        document.get("tlogs", []).sort(key=lambda log: (log["publicKey"]["validFor"]["start"], log["logId"]["keyId"]))
    assert read[0] == read[1]

"""The CA against the recordings of Fulcio, and what the recordings do not hold."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography import x509

from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.log_id import spki_log_id
from pycosign.wire.sct import CertificateEntry, parse_sct_list, sct_signed_bytes

from .ca_requests import V2, certificates, issue, post, refusal
from .logs import NOW, Answer, call, recording, replay, run
from .services import EMAIL, ISSUER, Ca, certificate_authority, machine_token, rsa_key, token, v2_request

SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
TOKEN_REFUSED = (400, 3, "There was an error processing the identity token")


# ---- the recordings ------------------------------------------------------------------------------------------------
def test_a_request_of_cosign_3_gets_a_certificate_of_the_recorded_shape() -> None:
    body = json.loads(recording("fulcio-v2-signingCert-cosign3")["request"]["body"])

    async def work() -> list[Certificate]:
        ca = certificate_authority()
        answer = await post(ca, body, bearer=token())
        leaf, intermediate, root = certificates(answer)
        assert (intermediate.der, root.der) == ca.chain
        intermediate_key, root_key = intermediate.public_key, root.public_key
        leaf.check_signature(intermediate_key)
        intermediate.check_signature(root_key)
        return [leaf]

    [leaf] = run(work)
    theirs = json.loads(recording("fulcio-v2-signingCert-cosign3")["response"]["body"])
    recorded = parse_certificate(
        parse_pem(theirs["signedCertificateEmbeddedSct"]["chain"]["certificates"][0].encode(), what="x")[0].der
    )
    assert [(oid, e.critical) for oid, e in leaf.extensions.items()] == [
        (oid, e.critical) for oid, e in recorded.extensions.items()
    ]
    assert leaf.spki_der == recorded.spki_der
    assert leaf.san == recorded.san
    assert leaf.fulcio_extensions == recorded.fulcio_extensions == {1: ISSUER, 8: ISSUER, 24: EMAIL}
    assert leaf.subject_der == recorded.subject_der == b"\x30\x00"
    assert leaf.not_before == NOW.replace(microsecond=0)
    assert leaf.not_after - leaf.not_before == timedelta(minutes=10)


def test_a_request_of_cosign_2_gets_201_and_a_pem_chain() -> None:
    body = recording("fulcio-v1-signingCert-cosign2")["request"]["body"].encode()

    async def work() -> None:
        ca = certificate_authority()
        answer = await post(ca, body, path="/api/v1/signingCert", bearer=token())
        assert answer.status == 201
        assert answer.headers["content-type"] == "application/pem-certificate-chain"
        blocks = parse_pem(answer.body, what="answer")
        assert tuple(block.der for block in blocks[1:]) == ca.chain
        assert parse_certificate(blocks[0].der).san[0].value == EMAIL

    run(work)


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("fulcio-v2-error-400-no-token", None),
        ("fulcio-v2-error-400-proof-of-possession", token()),
        ("fulcio-v2-error-400-token-email-not-verified", token(email_verified=False)),
        ("fulcio-v2-error-400-token-expired", token(exp=int(NOW.timestamp()) - 60)),
        ("fulcio-v2-error-400-token-wrong-audience", token(aud="other")),
    ],
)
def test_recorded_refusals_are_answered_alike(name: str, identity: str | None) -> None:
    recorded = recording(name)
    body = json.loads(recorded["request"]["body"])
    if identity is not None:
        body["credentials"]["oidcIdentityToken"] = identity
    expected = json.loads(recorded["response"]["body"])
    assert refusal(body) == (recorded["response"]["status"], expected["code"], expected["message"])


def test_recorded_reads_have_the_recorded_shape() -> None:
    async def work() -> None:
        ca = certificate_authority()
        for name in ("fulcio-v2-configuration", "fulcio-v2-trustBundle", "fulcio-error-404-not-found"):
            answer, theirs = await replay(ca.app, name), recording(name)["response"]
            assert answer.status == theirs["status"]
            assert answer.headers["content-type"] == theirs["headers"]["Content-Type"]
            if name != "fulcio-v2-trustBundle":
                assert answer.json() == json.loads(theirs["body"])
        bundle = (await replay(ca.app, "fulcio-v2-trustBundle")).json()
        [chain] = bundle["chains"]
        assert tuple(parse_pem(text.encode(), what="x")[0].der for text in chain["certificates"]) == ca.chain
        root_cert = await replay(ca.app, "fulcio-v1-rootCert")
        assert tuple(block.der for block in parse_pem(root_cert.body, what="x")) == ca.chain

    run(work)


def test_malformed_json_is_400_with_code_3() -> None:
    assert refusal(recording("fulcio-v2-error-400-malformed-json")["request"]["body"].encode())[:2] == (400, 3)


def test_another_method_is_501_and_a_double_slash_is_one() -> None:
    async def work() -> None:
        ca = certificate_authority()
        answer = await call(ca.app, "GET", V2)
        assert (answer.status, answer.json()["code"]) == (501, 12)
        doubled = await post(ca, v2_request(token()), path="//api/v2/signingCert")
        assert doubled.status == 200

    run(work)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"credentials": 1}',
        b'{"publicKeyRequest": {"proofOfPossession": "*"}}',
        b'{"a": 1, "a": 2}',
        b"\xff",
    ],
)
def test_a_request_of_another_shape_is_400(body: bytes) -> None:
    assert refusal(body)[:2] == (400, 3)


# ---- the log's promise ---------------------------------------------------------------------------------------------
def test_the_certificate_carries_a_promise_that_verifies() -> None:
    async def work() -> tuple[Ca, Certificate]:
        ca = certificate_authority()
        return ca, certificates(await post(ca, v2_request(token())))[0]

    ca, leaf = run(work)
    assert leaf.sct_list_der is not None
    [sct] = parse_sct_list(leaf.sct_list_der)
    issuer = parse_certificate(ca.chain[0])
    entry = CertificateEntry(spki_log_id(issuer.spki_der), leaf.tbs_without(SCT_LIST))
    assert (sct.hash_alg, sct.sig_alg, sct.extensions) == ("sha256", "ecdsa", b"")
    assert sct.log_id == spki_log_id(ca.ct_signer.public_key.spki_der)
    ca.ct_signer.public_key.verify(sct.signature, sct_signed_bytes(sct.timestamp_ms, entry))
    assert list(leaf.extensions)[-1] == SCT_LIST
    theirs = x509.load_der_x509_certificate(leaf.der)
    assert theirs.tbs_precertificate_bytes == entry.der
    theirs.verify_directly_issued_by(x509.load_der_x509_certificate(ca.chain[0]))


def test_a_log_that_is_down_is_500_with_code_13() -> None:
    async def work() -> Answer:
        return await post(certificate_authority(log_fails=True), v2_request(token()))

    answer = run(work)
    assert (answer.status, answer.json()["code"]) == (500, 13)


# ---- tokens --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "identity",
    [
        token(key=rsa_key(1)),
        token(iss="http://127.0.0.1:9999"),
        token(drop=("sub",)),
        token(drop=("exp",)),
        token(drop=("email_verified",)),
        token(exp="tomorrow"),
        token(exp=True),
        token(nbf=int(NOW.timestamp()) + 3600),
        token(email="no address"),
        token(email="two@at@example.com"),
        token(email=""),
        token()[:-8] + "AAAAAAAA",
        jwt.encode({"iss": ISSUER, "aud": "sigstore", "sub": "x", "exp": 2**33}, "", algorithm="none"),
        jwt.encode({"iss": ISSUER, "aud": "sigstore", "sub": "x", "exp": 2**33}, "k" * 64, algorithm="HS256"),
        "not a token",
        "a.b.c",
    ],
)
def test_a_token_that_does_not_count_is_400_never_401(identity: str) -> None:
    assert refusal(v2_request(identity)) == TOKEN_REFUSED


def test_the_tokens_email_may_be_verified_by_text_and_not_before_has_leeway() -> None:
    identity = token(email_verified="true", nbf=int(NOW.timestamp()) + 200)
    assert issue(v2_request(identity)).san[0].value == EMAIL


def test_a_token_may_live_absurdly_long() -> None:
    assert issue(v2_request(token(exp=10**400))).not_after - NOW.replace(microsecond=0) == timedelta(minutes=10)


def test_the_bodys_token_wins_over_the_header() -> None:
    async def work() -> Answer:
        return await post(certificate_authority(), v2_request(token()), bearer="garbage")

    assert run(work).status == 200


# ---- principals ----------------------------------------------------------------------------------------------------
GITHUB = {
    "event_name": "push",
    "sha": "a" * 40,
    "workflow": "Release",
    "repository": "org/repo",
    "repository_id": 7,
    "repository_owner": "org",
    "repository_owner_id": "8",
    "repository_visibility": "public",
    "ref": "refs/heads/main",
    "job_workflow_ref": "org/repo/.github/workflows/x.yml@refs/heads/main",
    "job_workflow_sha": "b" * 40,
    "workflow_ref": "org/repo/.github/workflows/x.yml@refs/heads/main",
    "workflow_sha": "c" * 40,
    "runner_environment": "github-hosted",
    "run_id": "9",
    "run_attempt": 1,
}


def test_a_workflow_token_gets_the_workflows_names() -> None:
    subject = "repo:org/repo:ref:refs/heads/main"
    leaf = issue(v2_request(machine_token(subject, **GITHUB), challenge=subject))
    assert leaf.san[0].value == "https://github.com/org/repo/.github/workflows/x.yml@refs/heads/main"
    assert leaf.fulcio_extensions == {
        1: ISSUER,
        2: "push",
        3: "a" * 40,
        4: "Release",
        5: "org/repo",
        6: "refs/heads/main",
        8: ISSUER,
        9: "https://github.com/org/repo/.github/workflows/x.yml@refs/heads/main",
        10: "b" * 40,
        11: "github-hosted",
        12: "https://github.com/org/repo",
        13: "a" * 40,
        14: "refs/heads/main",
        15: "7",
        16: "https://github.com/org",
        17: "8",
        18: "https://github.com/org/repo/.github/workflows/x.yml@refs/heads/main",
        19: "c" * 40,
        20: "push",
        21: "https://github.com/org/repo/actions/runs/9/attempts/1",
        22: "public",
        24: subject,
    }


def test_a_workflow_token_that_lacks_a_claim_is_refused() -> None:
    claims = {name: value for name, value in GITHUB.items() if name != "workflow_sha"}
    assert refusal(v2_request(machine_token("s", **claims), challenge="s")) == TOKEN_REFUSED


def test_a_service_accounts_token_gets_its_uri() -> None:
    claims = {"kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "sa"}}}
    subject = "system:serviceaccount:ns:sa"
    leaf = issue(v2_request(machine_token(subject, **claims), challenge=subject))
    assert leaf.san[0].value == "https://kubernetes.io/namespaces/ns/serviceaccounts/sa"


def test_a_subject_that_is_a_uri_is_the_name() -> None:
    subject = "https://example.com/machines/7"
    leaf = issue(v2_request(machine_token(subject), challenge=subject))
    assert [(name.kind, name.value) for name in leaf.san] == [("uri", subject)]


def test_a_plain_subject_becomes_an_other_name() -> None:
    leaf = issue(v2_request(machine_token("robot"), challenge="robot"))
    assert leaf.san[0].value == "robot!127.0.0.1"
    parsed = x509.load_der_x509_certificate(leaf.der).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    [other] = parsed.value
    assert isinstance(other, x509.OtherName)
    assert other.type_id.dotted_string == "1.3.6.1.4.1.57264.1.7"


@pytest.mark.parametrize("subject", ["someone@example.com", "a!b"])
def test_a_subject_that_looks_like_another_kind_of_name_is_refused(subject: str) -> None:
    assert refusal(v2_request(machine_token(subject), challenge=subject)) == TOKEN_REFUSED

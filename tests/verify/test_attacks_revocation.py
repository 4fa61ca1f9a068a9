"""Nothing that a revocation list names gets by: in no format of the corpus, by no digest, name, key or moment."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.codec.strict_json import compact_json
from pycosign.errors import SigningError
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.evidence import SimpleSigningPayload
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Waiver
from pycosign.verify.result import Verified
from pycosign.verify.revocation_list import RevocationList, parse_revocation_list
from tests.corpus.load import Entry, corpus
from tests.verify.vectors import NOW

SECOND = timedelta(seconds=1)
ALGORITHMS = ("sha256", "sha384", "sha512")


def revoking(**members: Any) -> RevocationList:
    span = {"issued": format_rfc3339(NOW), "expires": format_rfc3339(NOW + timedelta(days=1))}
    return parse_revocation_list(compact_json({"schema": 1, **span, **members}))


def code(entry: Entry, revocations: RevocationList, artifact: Artifact | None = None, *waivers: Waiver) -> str:
    demand = entry.requirements._replace(revocations=(revocations,))
    demand = demand._replace(waivers=demand.waivers | set(waivers))
    given = None if Waiver.CLAIMS in waivers else artifact or entry.artifact
    try:
        verify(entry.evidence(entry.document()), given, trust=entry.trust, requirements=demand, now=NOW)
    except SigningError as exc:
        return exc.code
    return "verified"


def proved_moments(verified: Verified) -> list[datetime]:
    return [time.at for time in verified.times if time.source != "now"]


def digests(artifact: Artifact) -> dict[str, str]:
    return {name: f"{name}:{raw.hex()}" for name, raw in artifact.digests.items()}


@pytest.mark.parametrize("name", corpus())
def test_what_is_named_is_refused_whatever_it_came_in(name: str) -> None:
    entry = corpus()[name]
    verified = entry.verify(entry.document())
    key = f"sha256:{hashlib.sha256(verified.key.spki_der).hexdigest()}"
    for digest in digests(entry.artifact).values():
        assert code(entry, revoking(artifacts=[digest])) == "revoked.artifact"
    assert code(entry, revoking(keys=[key])) == "revoked.key"
    moments = proved_moments(verified)
    latest = max(moments, default=NOW)
    for since, expected in ((latest, "revoked.key"), (latest + SECOND, "verified" if moments else "revoked.key")):
        assert code(entry, revoking(keys=[{"digest": key, "from": format_rfc3339(since)}])) == expected
    if verified.identity is None or verified.issuer is None or verified.certificate is None:
        return
    for who in (
        {"identity": verified.identity},
        {"issuer": verified.issuer},
        {"identity": verified.identity.swapcase(), "issuer": verified.issuer},
        {"identity_regexp": ".", "issuer_regexp": "^https?://"},
    ):
        assert code(entry, revoking(identities=[who])) == "revoked.identity"
    assert code(entry, revoking(identities=[{"identity": verified.identity, "issuer": "https://x"}])) == "verified"
    assert code(entry, revoking(certificates=[{"serial": f"{verified.certificate.serial:x}"}])) == "revoked.certificate"
    other = [{"serial": f"{verified.certificate.serial:x}", "issuer": f"sha256:{'00' * 32}"}]
    assert code(entry, revoking(certificates=other)) == "verified"


@pytest.mark.parametrize("name", [name for name, entry in corpus().items() if entry.artifact.message is not None])
def test_a_file_is_found_under_every_digest_and_unavailable_under_an_unknown_one(name: str) -> None:
    entry = corpus()[name]
    assert entry.artifact.message is not None
    whole = artifact_from_bytes(entry.artifact.message)._replace(file_name=entry.artifact.file_name)
    for algorithm in ALGORITHMS:
        revocations = revoking(artifacts=[digests(whole)[algorithm]])
        assert code(entry, revocations, whole) == "revoked.artifact"
        others = {known: raw for known, raw in whole.digests.items() if known != algorithm}
        hidden = code(entry, revocations, whole._replace(digests=others, message=whole.message))
        assert hidden != "verified"


@pytest.mark.parametrize("name", [name for name, entry in corpus().items() if entry.form != "bundle"][:40])
def test_a_statement_that_is_compared_with_nothing_is_refused_for_its_subjects(name: str) -> None:
    entry = corpus()[name]
    verified = entry.verify(entry.document())
    if verified.statement is None:
        return
    for subject in verified.statement.subjects:
        for algorithm, text in subject.digests.items():
            if algorithm in ALGORITHMS:
                revocations = revoking(artifacts=[f"{algorithm}:{text}"])
                assert code(entry, revocations, None, Waiver.CLAIMS) == "revoked.artifact"


@pytest.mark.parametrize("name", [name for name, entry in corpus().items() if entry.artifact.is_image])
def test_an_image_s_old_signature_that_is_compared_with_nothing_is_refused_for_the_image(name: str) -> None:
    entry = corpus()[name]
    if not isinstance(entry.evidence(entry.document()).content, SimpleSigningPayload):
        return
    for digest in digests(entry.artifact).values():
        assert code(entry, revoking(artifacts=[digest]), None, Waiver.CLAIMS) == "revoked.artifact"
    assert code(entry, revoking(artifacts=[f"sha256:{'00' * 32}"]), None, Waiver.CLAIMS) == "verified"

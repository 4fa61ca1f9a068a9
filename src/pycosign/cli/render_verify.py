"""What `verify` prints of an image: Cosign's header for people, and Cosign's JSON for programs."""

from typing import TYPE_CHECKING, Any

from pycosign.cli.context import STEERING, on_one_line
from pycosign.codec.go_json import go_json
from pycosign.codec.strict_json import load_json
from pycosign.flows.verify_image import BUNDLE, AcceptedSignature, ImageVerdict
from pycosign.limits import PAYLOAD_BYTES
from pycosign.verify.requirements import SignerKey, Waiver
from pycosign.wire.legacy import BUNDLE_ANNOTATION, TIMESTAMP_ANNOTATION
from pycosign.wire.simplesigning import parse_simple_signing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.policy.decide import VerificationPolicy
    from pycosign.verify.requirements import Requirements

__all__ = ["certificate_lines", "header", "json_array", "payload_text"]

# As escapes it is the same JSON, and steers no terminal.
_ESCAPED = {at: f"\\u{at:04x}" for at in STEERING if at > 31}
_ISSUER_OID = "1.3.6.1.4.1.57264.1.1"
# Fulcio's extension -> (name in the JSON, label of the text)
_WORKFLOW = {
    2: ("githubWorkflowTrigger", "GitHub Workflow Trigger"),
    3: ("githubWorkflowSha", "GitHub Workflow SHA"),
    4: ("githubWorkflowName", "GitHub Workflow Name"),
    5: ("githubWorkflowRepository", "GitHub Workflow Repository"),
    6: ("githubWorkflowRef", "GitHub Workflow Ref"),
}
_FULCIO_OID = _ISSUER_OID.rpartition(".")[0]
# What Cosign shows as proved has these names. No annotation has: any accepted signer could write it.
_PROVED = frozenset(("Subject", "Issuer", "Bundle", "RFC3161Timestamp", *(name for name, _ in _WORKFLOW.values())))


def header(
    verdict: ImageVerdict, name: str, requirements: "Requirements", policy: "VerificationPolicy | None" = None
) -> list[str]:
    """The lines above the result. What was not checked is not in them; the last line has the digest, and
    whether a signature was found to be of it."""
    lines = [f"\nVerification for {name} --", "The following checks were performed on each of these signatures:"]
    if Waiver.CLAIMS not in requirements.waivers:
        if requirements.annotations:
            lines.append("  - The specified annotations were verified.")
        lines.append("  - The cosign claims were validated")
    if all(accepted.verified.log_entries for accepted in verdict.accepted):
        lines.append("  - Existence of the claims in the transparency log was verified offline")
    if policy is not None:
        lines.append("  - The signatures were verified under the policy file")
        lines += [f"  - {line}" for line in _signers(verdict, policy)]
    elif isinstance(requirements.signer, SignerKey):
        lines.append("  - The signatures were verified against the specified public key")
    else:
        lines.append("  - The code-signing certificate was verified using trusted certificate authority certificates")
    if any(accepted.verified.digest is not None for accepted in verdict.accepted):
        lines.append(f"The digest that was verified: {verdict.digest}")
    else:  # --check-claims=false: it may be the signature of any image
        lines.append(f"The digest of the image, with which no signature was compared: {verdict.digest}")
    return lines


def _signers(verdict: ImageVerdict, policy: "VerificationPolicy") -> list[str]:
    from pycosign.policy.decide import fold

    counted = fold((accepted.verified for accepted in verdict.accepted), policy).counted
    return [
        f"{len(counted)} distinct signer(s) of {policy.threshold} demanded",
        *(on_one_line(item.signer) for item in counted),
    ]


def json_array(verdict: ImageVerdict, name: str) -> bytes:
    """One element for each accepted signature."""
    return _for_terminal(go_json([_element(accepted, name) for accepted in verdict.accepted]))


def payload_text(accepted: AcceptedSignature, name: str) -> bytes:
    """What `--output text` prints of one signature: what was signed, a bundle's statement in the old form."""
    return _for_terminal(go_json(_of_bundle(accepted, name))) if accepted.kind == BUNDLE else accepted.document


def _for_terminal(document: bytes) -> bytes:
    return document if document.isascii() else document.decode().translate(_ESCAPED).encode()


def certificate_lines(accepted: AcceptedSignature) -> list[str]:
    """What `--output text` tells people of the certificate; nothing for a key."""
    verified = accepted.verified
    if verified.certificate is None:
        return []
    lines = [f"Certificate subject: {verified.identity or ''}"]
    if verified.issuer:
        lines.append(f"Certificate issuer URL: {verified.issuer}")
    for number, (_, label) in _WORKFLOW.items():
        if verified.extensions.get(number):
            lines.append(f"{label}: {verified.extensions[number]}")
    return [on_one_line(line) for line in lines]  # a workflow's name may be any text of its repository's owner


def _element(accepted: AcceptedSignature, name: str) -> dict[str, Any]:
    return _of_bundle(accepted, name) if accepted.kind == BUNDLE else _of_layer(accepted)


def _claim(reference: str, digest: str, kind: str, optional: dict[str, Any] | None) -> dict[str, Any]:
    image = {"docker-manifest-digest": digest}
    critical = {"identity": {"docker-reference": reference}, "image": image, "type": kind}
    return {"critical": critical, "optional": None if optional is None else dict(sorted(optional.items()))}


def _signers_own(annotations: "Mapping[str, Any]") -> dict[str, Any]:
    return {
        name: value
        for name, value in annotations.items()
        if name not in _PROVED and not name.startswith(f"{_FULCIO_OID}.")
    }


def _of_bundle(accepted: AcceptedSignature, name: str) -> dict[str, Any]:
    verified = accepted.verified
    assert verified.statement is not None  # of an image, only envelopes are accepted
    if verified.digest is None:  # claims were not compared: the statement's own word, as Cosign gives it
        subject = verified.statement.subjects[0]
        algorithm = "sha256" if "sha256" in subject.digests else next(iter(subject.digests))
        digest, annotations = f"{algorithm}:{subject.digests[algorithm]}", _signers_own(subject.annotations)
    else:  # the subject that is this image, where Cosign shows the first one whatever it is
        algorithm, raw = verified.digest
        digest, annotations = f"{algorithm}:{raw.hex()}", _signers_own(verified.annotations)
    return _claim(name, digest, verified.statement.predicate_type, annotations)


def _of_layer(accepted: AcceptedSignature) -> dict[str, Any]:
    signed = parse_simple_signing(accepted.document)
    optional: dict[str, Any] = _signers_own(signed.optional or {})
    verified = accepted.verified
    if verified.certificate is not None:
        optional["Subject"] = verified.identity or ""
        if verified.issuer:
            optional["Issuer"] = optional[_ISSUER_OID] = verified.issuer
        for number, (key, _) in _WORKFLOW.items():
            value = verified.extensions.get(number)
            if value:
                optional[key] = optional[f"{_FULCIO_OID}.{number}"] = value
    is_stamped = any(time.source == "timestamp" for time in verified.times)
    for key, annotation, is_proved in (
        ("Bundle", BUNDLE_ANNOTATION, bool(verified.log_entries)),
        ("RFC3161Timestamp", TIMESTAMP_ANNOTATION, is_stamped),
    ):
        text = accepted.annotations.get(annotation)
        if text and is_proved:
            optional[key] = load_json(text, what=f"annotation {annotation}", max_bytes=PAYLOAD_BYTES)
    return _claim(
        signed.reference, signed.digest, signed.type, optional if optional or signed.optional is not None else None
    )

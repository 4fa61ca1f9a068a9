"""What is in a bundle, for people. Never a word that sounds like a verdict."""

from pycosign.cli.context import on_one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["bundle_lines"]


def bundle_lines(described: "dict[str, Any]") -> "Iterator[str]":
    """Lines without their ends, from what `describe_bundle` gives."""
    for line in (
        f"NOT CHECKED: {described['notice']}",
        f"media type     {described['media_type'] or 'none'}",
        *_signer(described["signer"]),
        *(line for at, entry in enumerate(described["log_entries"]) for line in _entry(at, entry)),
        *(line for at, stamp in enumerate(described["timestamps"]) for line in _timestamp(at, stamp)),
        *_content(described["content"]),
    ):
        yield on_one_line(line)


def _signer(signer: "dict[str, Any] | None") -> "Iterator[str]":
    if signer is None:
        yield "signer         not said"
    elif signer["kind"] == "key":
        yield f"signer         a key, with the hint {signer['hint'] or '(none)'}"
    elif "problem" in signer:
        yield f"signer         a certificate that cannot be read: {signer['problem']}"
    else:
        identities = ", ".join(f"{item['value']} ({item['kind']})" for item in signer["identities"])
        yield f"signer         claims to be {identities or 'nobody'}"
        yield f"  issuer       {signer['issuer'] or 'none named'}"
        by = f" at {signer['authority_url']}" if signer["authority_url"] else ""
        yield f"  certificate  {signer['valid_from']} to {signer['valid_until']}, {signer['key']} key"
        yield f"  issued by    {signer['issued_by']}{by}"
        for name, value in signer["claims"].items():
            yield f"  {name}: {value}"
        for stamp in signer["certificate_timestamps"]:
            yield f"  certificate log {stamp['log_url'] or stamp['log_id']} at {stamp['time']}"


def _entry(at: int, entry: "dict[str, Any]") -> "Iterator[str]":
    yield f"log entry {at}    {entry['index']} of {entry['log_url'] or entry['log_id']}"
    yield f"  kind         {entry['kind']} {entry['version']}"
    yield f"  time         {entry['integrated_time'] or 'not said'}"
    yield f"  promise      {'there' if entry['has_promise'] else 'none'}"
    proof = entry["proof"]
    if proof is None:
        yield "  proof        none"
        return
    yield f"  proof        leaf {proof['index']} of a tree of {proof['tree_size']}"
    checkpoint = proof["checkpoint"]
    if checkpoint is None:
        yield "  checkpoint   none"
    elif "problem" in checkpoint:
        yield f"  checkpoint   cannot be read: {checkpoint['problem']}"
    else:
        signers = ", ".join(checkpoint["signed_as"])
        yield f"  checkpoint   of {checkpoint['origin']}, size {checkpoint['tree_size']}, signed as {signers}"


def _timestamp(at: int, stamp: "dict[str, Any]") -> "Iterator[str]":
    if "problem" in stamp:
        yield f"timestamp {at}    cannot be read: {stamp['problem']}"
    else:
        yield f"timestamp {at}    {stamp['time']}, of {stamp['hash']}:{stamp['imprint']}"
        yield f"  policy       {stamp['policy']}, serial number {stamp['serial']}"


def _content(content: "dict[str, Any] | None") -> "Iterator[str]":
    if content is None:
        yield "content        none"
        return
    if content["kind"] == "message":
        if content["digest"]:
            yield f"content        a signature over {content['digest_algorithm']} {content['digest']}"
        else:
            yield "content        a signature over a file whose digest it does not say"
        return
    yield f"content        {content['payload_bytes']} bytes of {content['payload_type']}"
    if "problem" in content:
        yield f"  statement    cannot be read: {content['problem']}"
    statement = content["statement"]
    if statement is not None:
        yield f"  predicate    {statement['predicate_type']}"
        for subject in statement["subjects"]:
            digests = ", ".join(f"{name}:{value}" for name, value in subject["digests"].items())
            yield f"  subject      {subject['name'] or '(no name)'} {digests}"

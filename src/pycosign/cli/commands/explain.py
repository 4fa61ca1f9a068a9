"""`pycosign explain`."""

import os

from pycosign.cli.groups import REGISTRY, UNSUPPORTED_REGISTRY, VERIFYING
from pycosign.cli.table import Command, Flag, exactly, text
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from typing import Any

    from pycosign.cli.context import Context
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values
    from pycosign.errors import SigningError
    from pycosign.flows.explain import Story
    from pycosign.verify.requirements import Requirements
    from pycosign.verify.trust import TrustRoot

__all__ = ["run"]

# Of what verifying commands take, what makes no difference to a story.
_LEFT_OUT = frozenset(
    (
        "certificate",
        "experimental-oci11",
        "max-workers",
        "new-bundle-format",
        "report",
        "rekor-url",
        "sct",
        "sk",
        "slot",
    )
)


def _own(flag: Flag) -> Flag:
    """The same flag on a command of our own: it binds to PYCOSIGN_*, and nothing on it is deprecated."""
    help_text = flag.help.replace("; this or its -regexp form is needed unless a key is given", "")
    help_text = help_text.removesuffix(" ...")
    return Flag(flag.name, flag.kind, flag.default, help_text, shorthand=flag.shorthand, choices=flag.choices, own=True)


COMMAND = Command(
    "Tell the story of a signature: who claims to have signed what, when, which log has it, what holds and why, and\n"
    "what to do next. Without a demanded signer it cannot say that anything is to be trusted, and does not.",
    (
        *(_own(flag) for flag in VERIFYING if flag.name not in _LEFT_OUT),
        *(_own(flag) for flag in REGISTRY),
        text(
            "artifact", "the file that was signed, or its digest (sha256:HEX): compare the signature with it", own=True
        ),
        text("output", "form of what is printed", default="text", choices=("json", "text"), own=True),
    ),
    check_arguments=exactly(1),
    usage="BUNDLE|IMAGE [flags]",
    examples="""  pycosign explain FILE.sigstore.json

  # does it belong to this file?
  pycosign explain FILE.sigstore.json --artifact FILE
  pycosign explain FILE.sigstore.json --artifact sha256:HEX

  # everything that is stored beside an image
  pycosign explain IMAGE""",
    exclusive=(("ca-roots", "certificate-chain"), ("ca-intermediates", "certificate-chain")),
    unsupported=UNSUPPORTED_REGISTRY,
)


def run(args: "Values", context: "Context") -> int:
    """Print the story. The exit status says the same as its last words: 0, 1 for refused, 20 for unavailable."""
    from pycosign.cli.journal import Journal
    from pycosign.errors import UnavailableError
    from pycosign.flows.explain import CONSISTENT, REFUSED, VERIFIED, verdict_over

    if args.text("output") not in ("json", "text"):
        raise UsageError(f"unsupported --output {args.text('output')!r}; supported values are json, text")
    word, journal = args.words[0], Journal()
    if _is_file(word):
        digest, stories = None, _of_file(word, args, context, journal)
    else:
        digest, stories = _of_image(word, args, context, journal)
    told = [story for story in stories if not _is_demanded(args) or digest is None or _may_count(story)]
    verdict = verdict_over(told) if told else REFUSED
    _print(word, digest, stories, verdict, args, context, journal)
    if verdict in (VERIFIED, CONSISTENT):
        return 0
    return 1 if verdict == REFUSED else UnavailableError.exit_status


def _may_count(story: "Story") -> bool:
    """With a demanded signer an image's answer is about its signatures, and what could not be looked at."""
    return story.content is None or story.content.is_image_signature


def _is_file(word: str) -> bool:
    """An existing file; else a reference to an image, unless it can only be meant as a path."""
    if os.path.isfile(word):
        return True
    if os.path.exists(word) or word.startswith((".", "/", "~")) or word.endswith((".json", ".jsonl", ".bundle")):
        raise UsageError(f"{word}: {'is a directory' if os.path.isdir(word) else 'no such file'}")
    return False


def _is_demanded(args: "Values") -> bool:
    from pycosign.cli.next_step import DEMANDING

    return any(args.text(name) for name in args.flags if name.startswith(DEMANDING))


def _requirements(args: "Values", context: "Context") -> "Requirements":
    """What the flags demand. Without a demanded signer its place is taken by whom the evidence claims."""
    from pycosign.cli.verifying import check_signer_flags, read_requirements, warn_of_waivers

    warn_of_waivers(args, context, "signature")
    if _is_demanded(args):
        check_signer_flags(args)
    return read_requirements(args, context, is_signer_open=not _is_demanded(args))


def _trust(
    args: "Values", context: "Context", requirements: "Requirements", journal: "Journal"
) -> "TrustRoot | SigningError | None":
    """The trust root, or why it could not be had: what is claimed can be told all the same."""
    from pycosign.cli.verifying import load_trust_for
    from pycosign.errors import UnavailableError

    try:
        return load_trust_for(args, context, requirements, journal)
    except UnavailableError as exc:
        return exc


def _of_file(word: str, args: "Values", context: "Context", journal: "Journal") -> "tuple[Story, ...]":
    from pycosign.ambient import utc_now
    from pycosign.errors import MalformedError
    from pycosign.flows.blob_source import blob_from_path_or_digest
    from pycosign.flows.explain import unread
    from pycosign.flows.explain_file import explain_file
    from pycosign.flows.verify_blob import read_bundle_file

    artifact = blob_from_path_or_digest(args.text("artifact")) if args.text("artifact") else None
    requirements = _requirements(args, context)
    try:
        data = read_bundle_file(word)
    except MalformedError as exc:  # too large
        return (unread(word, exc),)
    trust = _trust(args, context, requirements, journal)
    return explain_file(
        word,
        data,
        trust=trust,
        requirements=requirements,
        is_demanded=_is_demanded(args),
        now=utc_now(),
        artifact=artifact,
    )


def _of_image(word: str, args: "Values", context: "Context", journal: "Journal") -> "tuple[str, tuple[Story, ...]]":
    from pycosign.ambient import utc_now
    from pycosign.cli.images import open_registry, signature_repository
    from pycosign.flows.explain_image import explain_image
    from pycosign.flows.verify_image import SignaturePlace

    if args.text("artifact"):
        raise UsageError("--artifact is for a bundle: what is beside an image is compared with the image")
    if args.switch("offline"):
        raise UsageError(f"{word}: no such file, and --offline forbids asking for an image")
    requirements = _requirements(args, context)
    told = explain_image(
        word,
        registry=open_registry(args, context),
        trust=_trust(args, context, requirements, journal),
        requirements=requirements,
        is_demanded=_is_demanded(args),
        now=utc_now(),
        place=SignaturePlace(signature_repository(context), args.text("attachment-tag-prefix")),
    )
    return told.digest, told.stories


def _print(
    word: str,
    digest: str | None,
    stories: "tuple[Story, ...]",
    verdict: str,
    args: "Values",
    context: "Context",
    journal: "Journal",
) -> None:
    from pycosign.cli.next_step import next_command

    commands = [next_command(word, story, args, is_image=digest is not None) for story in stories]
    if args.text("output") == "json":
        from pycosign.cli.explain_report import explanation
        from pycosign.cli.report import one_line

        context.put(one_line(explanation(word, digest, stories, commands, verdict, journal)) + "\n")
        return
    for line in _lines(word, digest, stories, commands, args, journal.trust):
        context.put(f"{line}\n")


def _lines(
    word: str,
    digest: str | None,
    stories: "tuple[Story, ...]",
    commands: list[str | None],
    args: "Values",
    trust: "dict[str, Any] | None",
) -> list[str]:
    from pycosign.cli.explain_text import shown, story_lines, trust_line

    lines = [] if digest is None else [f"{shown(word)} stands for {digest}"]
    if not stories:
        return [*lines, "Nothing that could be a signature or an attestation is beside it."]
    lines.append(trust_line(trust))
    compared = args.text("artifact") if digest is None else word
    for story, command in zip(stories, commands, strict=True):
        lines += ["", *story_lines(story, command, artifact=compared)]
    return lines

"""`pycosign explain`."""

import os

from pycosign.cli.flag import Flag, text
from pycosign.cli.groups import POLICY_FILE, REGISTRY, UNSUPPORTED_REGISTRY, VERIFYING
from pycosign.cli.table import Command, exactly
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from typing import Any

    from pycosign.cli.context import Context
    from pycosign.cli.explain_demand import Demand
    from pycosign.cli.explain_report import Explained
    from pycosign.cli.journal import Journal
    from pycosign.cli.parser import Values
    from pycosign.flows.explain import Story

__all__ = ["run"]

# Of what verifying commands take, what makes no difference to a story.
_ENDINGS = (".json", ".jsonl", ".bundle")  # of names that are never images
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
        POLICY_FILE,
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

  # are there enough signers, and who?
  pycosign explain FILE.sigstore.json --artifact FILE --policy-file policy.yaml

  # everything that is stored beside an image
  pycosign explain IMAGE""",
    exclusive=(("ca-roots", "certificate-chain"), ("ca-intermediates", "certificate-chain")),
    unsupported=UNSUPPORTED_REGISTRY,
)


def run(args: "Values", context: "Context") -> int:
    """Print the story. The exit status says the same as its last words: 0, 1 for refused, 20 for unavailable."""
    from pycosign.cli.explain_report import Explained
    from pycosign.cli.journal import Journal
    from pycosign.errors import UnavailableError
    from pycosign.flows.explain import CONSISTENT, REFUSED, VERIFIED, verdict_over

    word, journal = args.words[0], Journal()
    if _is_file(word):
        digest, (demand, stories) = None, _of_file(word, args, context, journal)
    else:
        digest, demand, stories = _of_image(word, args, context, journal)
    if demand.policy is not None:
        from pycosign.flows.explain_by_policy import conclude_by_policy

        answer = conclude_by_policy(stories, demand.policy)
        explained = Explained(word, digest, answer.stories, answer.verdict, demand.policy, answer.counted)
    else:
        told = [story for story in stories if not demand.is_demanded or digest is None or _may_count(story)]
        explained = Explained(word, digest, stories, verdict_over(told) if told else REFUSED)
    _print(explained, args, context, journal)
    if explained.verdict in (VERIFIED, CONSISTENT):
        return 0
    return 1 if explained.verdict == REFUSED else UnavailableError.exit_status


def _may_count(story: "Story") -> bool:
    """With a demanded signer an image's answer is about its signatures, and what could not be looked at."""
    return story.counts and (story.content is None or story.content.is_image_signature)


def _is_file(word: str) -> bool:
    """An existing file or pipe; else a reference to an image, unless it can only be meant as a path.

    A word with a dot alone, "release.tar.gz.sig" say, would be an image of that name of Docker Hub: nobody means that.
    """
    if os.path.exists(word) and not os.path.isdir(word):
        return True
    is_name_with_ending = "." in word and not any(character in word for character in "/:@")
    if os.path.isdir(word) or word.startswith((".", "/", "~")) or word.endswith(_ENDINGS) or is_name_with_ending:
        raise UsageError(
            f"{word}: {'is a directory' if os.path.isdir(word) else 'no such file'}",
            hint="an image is named with its registry or its tag: HOST/NAME, or NAME:TAG",
        )
    return False


def _of_file(word: str, args: "Values", context: "Context", journal: "Journal") -> "tuple[Demand, tuple[Story, ...]]":
    from pycosign.ambient import utc_now
    from pycosign.cli.explain_demand import read_demand
    from pycosign.errors import MalformedError
    from pycosign.flows.blob_source import blob_from_path_or_digest
    from pycosign.flows.explain import unread
    from pycosign.flows.explain_file import explain_file
    from pycosign.flows.verify_blob import read_bundle_file

    artifact = blob_from_path_or_digest(args.text("artifact")) if args.text("artifact") else None
    demand = read_demand(args, context, journal, is_image=False)
    try:
        data = read_bundle_file(word)
    except MalformedError as exc:  # too large
        return demand, (unread(word, exc),)
    stories = explain_file(
        word,
        data,
        trust=demand.trust,
        requirements=demand.requirements,
        is_demanded=demand.is_demanded,
        now=utc_now(),
        artifact=artifact,
        policy=demand.policy,
    )
    return demand, stories


def _of_image(
    word: str, args: "Values", context: "Context", journal: "Journal"
) -> "tuple[str, Demand, tuple[Story, ...]]":
    from pycosign.ambient import utc_now
    from pycosign.cli.explain_demand import read_demand
    from pycosign.cli.images import open_registry, signature_repository
    from pycosign.flows.explain_image import explain_image
    from pycosign.flows.verify_image import SignaturePlace

    if args.text("artifact"):
        raise UsageError("--artifact is for a bundle: what is beside an image is compared with the image")
    if args.switch("offline"):
        raise UsageError(f"{word}: no such file, and --offline forbids asking for an image")
    demand = read_demand(args, context, journal, is_image=True)
    told = explain_image(
        word,
        registry=open_registry(args, context),
        trust=demand.trust,
        requirements=demand.requirements,
        is_demanded=demand.is_demanded,
        now=utc_now(),
        place=SignaturePlace(signature_repository(context), args.text("attachment-tag-prefix")),
        policy=demand.policy,
    )
    return told.digest, demand, told.stories


def _print(explained: "Explained", args: "Values", context: "Context", journal: "Journal") -> None:
    from pycosign.cli.next_step import next_command, policy_command

    is_image, policy = explained.digest is not None, explained.policy
    if policy is None:
        commands = [next_command(explained.word, story, args, is_image=is_image) for story in explained.stories]
        last = None
    else:
        commands = [None] * len(explained.stories)  # the answer is over all of them
        last = policy_command(explained, policy, args)
    if args.text("output") == "json":
        from pycosign.cli.explain_report import explanation
        from pycosign.cli.report import one_line

        context.put(one_line(explanation(explained, commands, last, journal)) + "\n")
        return
    for line in _lines(explained, commands, last, args, journal.trust):
        context.put(f"{line}\n")


def _lines(
    explained: "Explained",
    commands: list[str | None],
    last: str | None,
    args: "Values",
    trust: "dict[str, Any] | None",
) -> list[str]:
    from pycosign.cli.explain_text import policy_lines, shown, story_lines, trust_line

    word, stories = explained.word, explained.stories
    lines = [] if explained.digest is None else [f"{shown(word)} stands for {explained.digest}"]
    compared = args.text("artifact") if explained.digest is None else word
    if stories:
        lines.append(trust_line(trust))
    else:
        lines.append("Nothing that could be a signature or an attestation is beside it.")
    for story, command in zip(stories, commands, strict=True):
        lines += ["", *story_lines(story, command, artifact=compared)]
    if explained.counted is not None:
        lines += ["", *policy_lines(args.text("policy-file"), explained, last, artifact=compared)]
    return lines

"""Targets: what is told of evidence that nobody has verified, on a terminal and as JSON.

Whatever is in it, it is told or refused, and no byte of it steers the terminal.
"""

import json
import re
import shlex
from collections.abc import Iterable
from datetime import UTC
from functools import cache

from pycosign.cli.bundle_text import bundle_lines
from pycosign.cli.commands.explain import COMMAND as EXPLAIN
from pycosign.cli.context import for_terminal
from pycosign.cli.explain_report import Explained, explanation
from pycosign.cli.explain_text import policy_lines, story_lines
from pycosign.cli.journal import Journal
from pycosign.cli.next_step import next_command, policy_command
from pycosign.cli.parser import parse
from pycosign.errors import UnavailableError
from pycosign.flows.bundle_tree import bundle_tree
from pycosign.flows.bundle_upgrade import upgrade_bundle
from pycosign.flows.describe_bundle import describe_bundle
from pycosign.flows.explain import VERIFIED
from pycosign.flows.explain_by_policy import conclude_by_policy
from pycosign.flows.explain_file import explain_file
from pycosign.flows.service_names import ServiceNames, names_from
from pycosign.policy.decide import VerificationPolicy, requirements_of
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.trust import TrustRoot
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.loose_bundle import parse_loose_bundle
from pycosign.wire.trusted_root import parse_trusted_root
from tests.fuzz import seeds
from tests.fuzz.bundles import bundle_files
from tests.fuzz.target import Target, tolerating
from tests.verify.vectors import NOW, RECORDINGS, recorded_trust

# C0 but tab, DEL and C1, and what turns the direction of writing
_STEERING = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class SteeringError(AssertionError):
    """A line for the terminal has something in it that steers it, or begins another line."""


def _check_lines(lines: Iterable[str]) -> None:
    for line in lines:
        if _STEERING.search(line):
            raise SteeringError(ascii(line[:200]))


@cache
def _names() -> ServiceNames:
    return names_from(parse_trusted_root((RECORDINGS / "file-trusted_root.json").read_bytes()))


@cache
def _trust() -> TrustRoot:
    return recorded_trust()


def run_inspection(data: bytes) -> None:
    """`bundle inspect` in its three forms."""
    with tolerating():
        bundle = parse_loose_bundle(data)
        tree = bundle_tree(bundle, _names())
        _check_lines(for_terminal(line).replace("\n", "") for line in tree.lines())  # payloads keep their lines
        described = describe_bundle(bundle, _names())
        json.dumps(described)
        _check_lines(bundle_lines(described))


def run_upgrade(data: bytes) -> None:
    """`bundle upgrade` with a log that does not answer."""

    def fetch(index: int) -> LogEntry:
        raise UnavailableError(f"nobody is asked for {index}")

    said: list[str] = []
    with tolerating():
        upgrade_bundle(data, fetch=fetch, progress=said.append)


def run_explanation(data: bytes) -> None:
    """`explain FILE`: with a trust root, and without one."""
    requirements = Requirements(SignerIdentity(TextRule("a"), TextRule("b")))
    for trust in (_trust(), UnavailableError("no trust")):
        with tolerating():
            stories = explain_file(
                "file", data, trust=trust, requirements=requirements, is_demanded=False, now=NOW.astimezone(UTC)
            )
            commands = [
                next_command("file", story, parse(["file"], EXPLAIN.flags), is_image=False) for story in stories
            ]
            for story, command in zip(stories, commands, strict=True):
                _check_lines(story_lines(story, command, artifact=""))
                shlex.split(command or "")
            json.dumps(explanation(Explained("file", None, stories, "refused"), commands, None, Journal()))
        with tolerating():
            _run_explanation_by_policy(data, trust)


def _run_explanation_by_policy(data: bytes, trust: TrustRoot | UnavailableError) -> None:
    policy = VerificationPolicy((SignerIdentity(TextRule(None, "."), TextRule(None, ".")),))
    demanded = requirements_of(policy)[0]
    stories = explain_file(
        "file", data, trust=trust, requirements=demanded, is_demanded=True, now=NOW.astimezone(UTC), policy=policy
    )
    answer = conclude_by_policy(stories, policy)
    explained = Explained("file", None, answer.stories, answer.verdict, policy, answer.counted)
    assert answer.verdict != VERIFIED  # there is no artifact
    command = policy_command(explained, policy, parse(["file", "--policy-file", "p.yaml"], EXPLAIN.flags))
    for story in answer.stories:
        assert story.verdict != VERIFIED
        _check_lines(story_lines(story, None, artifact=""))
    _check_lines(policy_lines("p.yaml", explained, command, artifact=""))
    json.dumps(explanation(explained, [None] * len(stories), command, Journal()))


TARGETS = (
    Target(
        "explanation",
        run_explanation,
        bundle_files,
        (explain_file, story_lines, explanation, next_command, policy_lines),
    ),
    Target(
        "inspection",
        run_inspection,
        seeds.bundles,
        (parse_loose_bundle, bundle_tree, describe_bundle, bundle_lines),
    ),
    Target("upgrade", run_upgrade, seeds.bundles, (upgrade_bundle,)),
)

"""The command that would answer for good, as it is to be typed. What others wrote is quoted, or not offered."""

from typing import TYPE_CHECKING

from pycosign.cli.flag import BOOL, DURATION
from pycosign.cli.gotext import format_duration
from pycosign.flows.explain import REFUSED, Story
from pycosign.wire.intoto import COSIGN_SIGN_PREDICATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycosign.cli.explain_report import Explained
    from pycosign.cli.parser import Values
    from pycosign.policy.decide import VerificationPolicy

__all__ = ["DEMANDING", "KEY_FILE", "NO_ARTIFACT", "next_command", "policy_command", "quoted"]

_LONGEST = 16_384  # characters that somebody may still copy
NO_ARTIFACT = "FILE"
KEY_FILE = "KEY.pub"

# How the flags begin that say who must have signed.
DEMANDING = ("key", "certificate-identity", "certificate-oidc-issuer", "certificate-github-workflow")

# What the user gave, and the verifying command takes as well. Secrets are not printed.
_CARRIED = (
    "instance",
    "trusted-root",
    "ca-roots",
    "ca-intermediates",
    "certificate-chain",
    "timestamp-certificate-chain",
    "offline",
    "max-trust-age",
    "insecure-ignore-tlog",
    "private-infrastructure",
    "signature-digest-algorithm",
    "insecure-ignore-sct",
    "use-signed-timestamps",
    "allow-http-registry",
    "allow-insecure-registry",
    "registry-cacert",
    "registry-client-cert",
    "registry-client-key",
    "registry-server-name",
    "attachment-tag-prefix",
)
_REGISTRY = ("allow-", "registry-", "attachment-")
# `verify-blob` does not take these beside a Sigstore bundle: Cosign wants a trust root there.
_BESIDE_OLD_FORMS = ("ca-roots", "ca-intermediates", "certificate-chain", "timestamp-certificate-chain")


def quoted(text: str) -> str:
    """One word of a shell's command line."""
    import shlex

    return shlex.quote(text)


def next_command(word: str, story: Story, args: "Values", *, is_image: bool) -> str | None:
    """The command that verifies this signature with its claimed signer as the demanded one; None if there is none.

    Of what is refused there is none: nobody shall be asked for whom a broken signature names.
    word: the bundle or image as it was named on the command line.
    """
    signer = _signer(story, args)
    content = story.content
    if story.verdict == REFUSED or signer is None or content is None or content.kind == "envelope":
        return None
    carried = _carried(args, is_image=is_image)
    is_bundle = not is_image and str(story.form).startswith("bundle")
    if is_bundle and not all(args.is_default(name) for name in _BESIDE_OLD_FORMS):
        return None
    if is_image:
        return _command([*_image_command(story), *carried, *signer], word)
    artifact = _artifact([story], args)
    if content.kind == "statement" and content.predicate_type != COSIGN_SIGN_PREDICATE:
        about = ["--bundle", quoted(word), "--type", quoted(str(content.predicate_type))]
        return _command(["verify-blob-attestation", *about, *carried, *signer], artifact)
    return _command(["verify-blob", "--bundle", quoted(word), *carried, *signer], artifact)


def policy_command(explained: "Explained", policy: "VerificationPolicy", args: "Values") -> str | None:
    """The command that verifies everything of this bundle file or image by the policy; None if that is refused."""
    if explained.verdict == REFUSED:
        return None
    words = ["--policy-file", quoted(args.text("policy-file")), *_carried(args, is_image=explained.digest is not None)]
    if explained.digest is not None:
        return _command(["verify", *words], explained.word)
    artifact, words = _artifact(explained.stories, args), ["--bundle", quoted(explained.word), *words]
    if policy.predicate_type is not None:
        return _command(["verify-blob-attestation", *words], artifact)
    return _command(["verify-blob", *words], artifact)


def _artifact(stories: "Sequence[Story]", args: "Values") -> str:
    """What was compared; a placeholder where that was nothing, or only a digest and more is needed."""
    is_short = any(story.failure is not None and story.failure.code == "artifact.needed" for story in stories)
    return NO_ARTIFACT if is_short else args.text("artifact") or NO_ARTIFACT


def _command(words: list[str], artifact: str) -> str | None:
    """As it is to be typed. What cannot be shown as it is, or would be read as a flag, is not offered."""
    command = " ".join(["pycosign", *words, quoted(artifact)])
    is_good = command.isprintable() and len(command) <= _LONGEST and not artifact.startswith("-")
    return command if is_good else None


def _image_command(story: Story) -> list[str]:
    """`verify` for what is a signature; of attestations by the older Cosigns' tags only `explain` can be asked."""
    assert story.content is not None
    if story.content.is_image_signature and story.counts:
        return ["verify"]
    return ["verify", "--allow-any-predicate"] if str(story.form).startswith("bundle") else ["explain"]


def _signer(story: Story, args: "Values") -> list[str] | None:
    """The flags that demand whom the user demanded, or else whom the evidence claims; None: it names nobody."""
    given = [name for name in args.flags if name.startswith(DEMANDING) and args.text(name)]
    if given:
        return [word for name in given for word in (f"--{name}", quoted(args.text(name)))]
    who = story.who
    if who is None:
        return None
    if who.certificate is None:
        return ["--key", KEY_FILE]
    if not who.identity:
        return None
    if not who.issuer:  # of a PKI without OIDC: then nobody else's certificate with an issuer will do, either
        return ["--certificate-identity", quoted(who.identity), "--certificate-oidc-issuer-regexp", quoted("^$")]
    return ["--certificate-identity", quoted(who.identity), "--certificate-oidc-issuer", quoted(who.issuer)]


def _carried(args: "Values", *, is_image: bool) -> list[str]:
    words = []
    for name in _CARRIED:
        if args.is_default(name) or (name.startswith(_REGISTRY) and not is_image):
            continue
        kind = args.flags[name].kind
        if kind == BOOL:
            words.append(f"--{name}")
        else:
            words += [f"--{name}", format_duration(args.seconds(name)) if kind == DURATION else quoted(args.text(name))]
    return words

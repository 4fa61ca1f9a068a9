"""The rows of `make interop`: who signs what, how, and who has to accept or refuse it."""

import base64
import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pycosign.crypto.signers import generate_signer
from tests.interop.environment import Result
from tests.interop.images import push_image, retype_referrer
from tests.interop.tools import EMAIL, WRONG_EMAIL, Tool


class Row(NamedTuple):
    """One line of the table. `part` is the letter of the promise that it shows."""

    part: str
    title: str
    check: Callable[[], None]


class Failed(AssertionError):
    """A tool did not do what the row says."""


class Stage(NamedTuple):
    """What the rows play on."""

    ours: Tool
    peers: tuple[Tool, ...]
    registries: dict[str, str]  # name -> host:port
    key: Path  # key.key and key.pub, made by pycosign
    other_key: Path
    token: Callable[[], str]
    files: Path
    email: str = EMAIL  # the identity of the tokens


_names = itertools.count()


def new_image(registry: str) -> str:
    """Push an image that nobody has signed; returns its reference."""
    repository = f"interop/image{next(_names)}"
    return f"{registry}/{repository}@{push_image(registry, repository, 'latest')}"


def accepts(result: Result, who: str) -> None:
    """Fail unless the program ended with status 0."""
    if result.status != 0:
        raise Failed(f"{who}: status {result.status}: {result.last_words}")


def refuses(result: Result, who: str) -> None:
    """Fail unless the program proved that it is not good: Cosign says 1 or 12; 20 would mean "could not find out"."""
    if result.status not in {1, 12}:
        raise Failed(f"{who}: status {result.status} where a refusal was due: {result.last_words}")


def _signer(tool: Tool, stage: Stage, how: str) -> list[str]:
    if how == "key":
        return ["--key", f"{stage.key}.key"]
    return tool.identity_flags(stage.token())


def _demand(tool: Tool, stage: Stage, how: str, *, wrong: bool = False) -> list[str]:
    if how == "key":
        return ["--key", f"{stage.other_key if wrong else stage.key}.pub"]
    return tool.who(WRONG_EMAIL if wrong else stage.email)


def image_row(stage: Stage, signer: Tool, verifier: Tool, registry: str, form: str, how: str) -> None:
    """Sign an image, verify it, and see another identity or key refused."""
    image = new_image(stage.registries[registry])
    key = how == "key"
    if form == "legacy":
        sign, verify = signer.legacy_flags(key=key), verifier.verify_legacy_flags()
    else:
        sign, verify = signer.bundle_flags(form), verifier.verify_bundle_flags(form)
    accepts(signer.run("sign", "--yes", *sign, *_signer(signer, stage, how), image), signer.name)
    accepts(verifier.run("verify", *verify, *_demand(verifier, stage, how), image), verifier.name)
    refuses(verifier.run("verify", *verify, *_demand(verifier, stage, how, wrong=True), image), verifier.name)


def blob_row(stage: Stage, signer: Tool, verifier: Tool, form: str, how: str) -> None:
    """Sign a file, verify it, and see another identity, key or file refused."""
    artifact = stage.files / f"artifact{next(_names)}"
    artifact.write_bytes(artifact.name.encode() * 50)
    bundle = artifact.with_suffix(".bundle")
    key = how == "key"
    if form == "legacy":
        sign, verify = signer.legacy_flags(key=key), verifier.verify_legacy_flags()
    else:
        sign, verify = signer.bundle_flags(form), verifier.verify_bundle_flags(form)
    done = signer.run("sign-blob", "--yes", *sign, *_signer(signer, stage, how), "--bundle", str(bundle), str(artifact))
    accepts(done, signer.name)
    words = ["verify-blob", *verify, "--bundle", str(bundle)]
    accepts(verifier.run(*words, *_demand(verifier, stage, how), str(artifact)), verifier.name)
    refuses(verifier.run(*words, *_demand(verifier, stage, how, wrong=True), str(artifact)), verifier.name)
    artifact.write_bytes(b"something else")
    refuses(verifier.run(*words, *_demand(verifier, stage, how), str(artifact)), verifier.name)


def initialize_row(tool: Tool) -> None:
    """Make the tool trust the stack's TUF repository."""
    accepts(tool.initialize(), tool.name)


def _unsigned_row(stage: Stage, tool: Tool, registry: str) -> None:
    image = new_image(stage.registries[registry])
    result = tool.run("verify", *tool.verify_legacy_flags(), *_demand(tool, stage, "keyless"), image)
    if result.status != 10:
        raise Failed(f"{tool.name}: status {result.status} instead of 10: {result.last_words}")


def foreign_type_row(stage: Stage, verifier: Tool, registry: str) -> None:
    """A bundle that was attached under a type of its own: no verifier may overlook it."""
    image = new_image(stage.registries[registry])
    signer = stage.ours
    accepts(signer.run("sign", "--yes", *signer.bundle_flags("v2"), *_signer(signer, stage, "key"), image), signer.name)
    retype_referrer(image, "application/vnd.example.release")
    words = ["verify", *verifier.verify_bundle_flags("v2")]
    accepts(verifier.run(*words, *_demand(verifier, stage, "key"), image), verifier.name)
    refuses(verifier.run(*words, *_demand(verifier, stage, "key", wrong=True), image), verifier.name)


def attached_row(stage: Stage, peer: Tool, registry: str) -> None:
    """A signature that was made elsewhere (by openssl, or in a KMS) and attached as `base64` prints it, in lines."""
    image = new_image(stage.registries[registry])
    generated = peer.run("generate", image)
    accepts(generated, peer.name)
    signer = generate_signer("ecdsa-p256")
    names = ("payload", "signature", "public")
    payload, signature, public = (str(stage.files / f"attached{next(_names)}.{name}") for name in names)
    Path(payload).write_text(generated.stdout)
    Path(signature).write_bytes(base64.encodebytes(signer.sign(generated.stdout.encode())))
    Path(public).write_bytes(signer.public_key.pem())
    accepts(peer.run("attach", "signature", "--payload", payload, "--signature", signature, image), peer.name)
    for verifier in (stage.ours, *stage.peers):
        words = ["verify", *verifier.verify_legacy_flags(), "--insecure-ignore-tlog"]
        accepts(verifier.run(*words, "--key", public, image), verifier.name)
        refuses(verifier.run(*words, "--key", f"{stage.other_key}.pub", image), verifier.name)


FORMS = ("v2", "v1", "legacy")
HOW = ("key", "keyless")


def rows(stage: Stage) -> Iterator[Row]:
    """Every row; initialising comes first, because verifying legacy signatures rests on it."""
    for tool in (stage.ours, *stage.peers):
        yield Row("c", f"{tool.name} initialize against our TUF repository", partial(initialize_row, tool))
    for peer, registry, form, how in itertools.product(stage.peers, stage.registries, FORMS, HOW):
        yield Row(
            "a",
            f"pycosign signs an image ({form}, {how}, {registry}), {peer.name} verifies",
            partial(image_row, stage, stage.ours, peer, registry, form, how),
        )
        yield Row(
            "b",
            f"{peer.name} signs an image ({form}, {how}, {registry}), pycosign verifies",
            partial(image_row, stage, peer, stage.ours, registry, form, how),
        )
    for peer, form, how in itertools.product(stage.peers, FORMS, HOW):
        yield Row(
            "a",
            f"pycosign signs a file ({form}, {how}), {peer.name} verifies",
            partial(blob_row, stage, stage.ours, peer, form, how),
        )
        yield Row(
            "b",
            f"{peer.name} signs a file ({form}, {how}), pycosign verifies",
            partial(blob_row, stage, peer, stage.ours, form, how),
        )
    for tool in (stage.ours, *stage.peers):
        yield Row(
            "b",
            f"{tool.name} verifies a bundle under a foreign artifactType (v2, key, our registry)",
            partial(foreign_type_row, stage, tool, "our registry"),
        )
    for peer in stage.peers:
        title = f"{peer.name} attaches a signature in wrapped base64, pycosign verifies as both Cosigns do"
        yield Row("b", title, partial(attached_row, stage, peer, "our registry"))
    for tool, registry in itertools.product((stage.ours, *stage.peers), stage.registries):
        yield Row(
            "d",
            f"{tool.name} refuses an unsigned image on {registry} with status 10",
            partial(_unsigned_row, stage, tool, registry),
        )

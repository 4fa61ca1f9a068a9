"""`pycosign sign`."""

from pycosign.cli.flag import items, switch, text
from pycosign.cli.groups import (
    ANNOTATIONS,
    NOW_IN_BUNDLE,
    REFERRERS_MODE,
    REGISTRY,
    SIGNING,
    SIGNING_UNSUPPORTED,
    UNSUPPORTED_REGISTRY,
)
from pycosign.cli.table import Command, at_least
from pycosign.errors import UsageError

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.flows.sign_image import ImageSigning, SignedImage

__all__ = ["run"]

COMMAND = Command(
    """Sign container images.

Name an image by its digest (@sha256:...), not by a tag: a tag may be moved between the moment you look at it and the
moment it is signed. A tag is resolved once, and what was signed is printed.""",
    (
        *REGISTRY,
        REFERRERS_MODE,
        *SIGNING,
        ANNOTATIONS,
        text(
            "attachment",
            "sign what is attached to the image instead",
            deprecated="please use OCI referrers for attachments; "
            "see `cosign attach sbom --registry-referrers-mode=oci-1-1 --help`",
        ),
        text("output-payload", "write the signed payload to this file", deprecated=NOW_IN_BUNDLE.format("payload")),
        text(
            "payload",
            "sign this payload instead of one made for the image",
            deprecated="payload will always be generated automatically in future versions",
        ),
        switch(
            "record-creation-timestamp",
            "put the time into the signature's image",
            deprecated="not used with the new bundle format",
        ),
        switch("recursive", "sign an index and every image in it", shorthand="r"),
        items(
            "sign-container-identity",
            "the name of the image in the payload",
            deprecated="not possible when OCI referrers become the default behavior",
        ),
        switch("upload", "store the signature in the registry", default=True),
    ),
    check_arguments=at_least(1),
    examples="""  pycosign sign IMAGE@DIGEST

  # with a key
  pycosign sign --key cosign.key IMAGE@DIGEST

  # with signed annotations
  pycosign sign --key cosign.key -a key1=value1 -a key2=value2 IMAGE@DIGEST""",
    exclusive=(("use-signing-config", "signing-config"),),
    unsupported=SIGNING_UNSUPPORTED | UNSUPPORTED_REGISTRY | {"attachment", "registry-referrers-mode=oci-1-1"},
)

_TAG = """Image reference {} uses a tag, not a digest, to identify the image to sign.
    A tag may be moved to another image at any time: between now and when you looked, or later.
    What is signed is the digest that the tag stands for at this moment, and it is printed below.
    To be sure that it is the image you mean, name it by that digest:
    HOST/REPOSITORY@sha256:..."""
_OUTPUTS = ("bundle", "output-signature", "output-payload", "output-certificate")


def run(args: "Values", context: "Context") -> None:
    """Sign each image. One key, one token and one choice of services serve for all of them."""
    from pycosign.cli.images import open_registry, read_annotations
    from pycosign.cli.signing import check_signing_flags, confirm_log_upload, signing_context, warn_of_ignored_outputs

    is_bundle = args.switch("new-bundle-format")
    annotations = read_annotations(args)
    if is_bundle and not args.switch("upload") and not args.text("bundle"):
        raise UsageError(
            "must enable upload to the OCI registry or specify a local --bundle path with --new-bundle-format"
        )
    if args.switch("recursive") or len(args.words) > 1:
        for name in _OUTPUTS:
            if args.text(name):
                raise UsageError(f"--{name} holds what belongs to one image, and several are signed")
    check_signing_flags(args)
    if is_bundle:
        warn_of_ignored_outputs(args, context)
    _warn_of_tags(args, context)
    confirm_log_upload(args, context)
    how = _how(args, context, annotations)
    registry = open_registry(args, context)
    signing = signing_context(args, context)
    from pycosign.flows.sign_image import sign_image

    for word in args.words:
        done = sign_image(
            word, registry=registry, context=signing, how=how, before_push=lambda signed: _write(signed, args, context)
        )
        for signed in done:
            context.say(f"Signed {signed.reference.name}" + (f", which {word} stands for" if signed.was_tag else ""))


def _warn_of_tags(args: "Values", context: "Context") -> None:
    from pycosign.wire.reference import parse_reference

    for word in args.words:
        if parse_reference(word).digest is None:
            context.warn(_TAG.format(word))


def _how(args: "Values", context: "Context", annotations: dict[str, str]) -> "ImageSigning":
    from pycosign.cli.images import signature_repository
    from pycosign.flows.sign_image import ImageSigning

    payload = None
    if args.text("payload"):
        from pycosign.keys.reference import read_key_file

        payload = read_key_file(args.text("payload"))
    return ImageSigning(
        annotations=annotations,
        recursive=args.switch("recursive"),
        upload=args.switch("upload"),
        legacy=not args.switch("new-bundle-format"),
        identities=args.items("sign-container-identity"),
        payload=payload,
        created=_created(context) if args.switch("record-creation-timestamp") else None,
        repository=signature_repository(context),
        tag_prefix=args.text("attachment-tag-prefix"),
        docker_media_types=context.environ.get("COSIGN_DOCKER_MEDIA_TYPES") == "1",
    )


def _created(context: "Context") -> "datetime":
    """Now, or the moment of SOURCE_DATE_EPOCH."""
    from datetime import UTC, datetime

    from pycosign.ambient import utc_now

    epoch = context.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return utc_now()
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 11):
        raise UsageError(f"SOURCE_DATE_EPOCH is not a number of seconds: {epoch}")
    return datetime.fromtimestamp(int(epoch), UTC)


def _write(signed: "SignedImage", args: "Values", context: "Context") -> None:
    """The files that the flags name, before anything is pushed."""
    from pycosign.codec.b64 import encode_b64
    from pycosign.files import write_atomically

    if args.text("bundle") and signed.bundle is not None:
        write_atomically(args.text("bundle"), signed.bundle)
        context.say(f"Wrote bundle to file {args.text('bundle')}")
    if args.switch("new-bundle-format"):
        return
    for item in signed.payloads[:1]:
        if args.text("output-signature"):
            write_atomically(args.text("output-signature"), encode_b64(item.signature).encode())
        if args.text("output-payload"):
            write_atomically(args.text("output-payload"), item.payload)
    if args.text("output-certificate"):
        write_atomically(args.text("output-certificate"), signed.certificate_pem or signed.public_key_pem)
        context.say(f"Certificate wrote in the file {args.text('output-certificate')}")

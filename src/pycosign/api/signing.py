"""Sign files, statements and images. What was signed is verified before it is handed out or stored."""

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from pycosign.ambient import utc_now
from pycosign.api.files import ArtifactSource, Bundle, Digest, FileSource, artifact_name, open_artifact
from pycosign.api.instance import Instance
from pycosign.api.means import PrivateKey, Token
from pycosign.api.registries import RegistryAccess, repository_name
from pycosign.crypto.stream_digests import ByteStream
from pycosign.errors import MalformedError, UnavailableError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.signing import KeylessSigning, KeySigning, SigningContext
from pycosign.record import Record
from pycosign.sign.services import SigningServices

if TYPE_CHECKING:
    from pycosign.codec.json_value import JsonValue
    from pycosign.flows.sign_image import SignedImage as StoredImage

__all__ = ["SignedImage", "attest_file", "attest_statement", "sign_file", "sign_image", "sign_index"]


class SignedImage(Record):
    """An image that was signed.

    name: "HOST/REPOSITORY@sha256:HEX". digest: "sha256:HEX". bundle: the signature. stored_in: the repository where the
    bundle is now; None: nowhere.
    """

    name: str
    digest: str
    bundle: Bundle
    stored_in: str | None


def sign_file(artifact: FileSource, *, signer: PrivateKey | Token, instance: Instance | None) -> Bundle:
    """Sign a file.

    Args:    artifact: a path, bytes, or an open file, which is read to its end; memory does not grow with it.
             signer: a key of yours, or a token that a certificate is got for. instance: where to sign; None: ask
             nobody, which only a key can: the signature is in no log, and whoever verifies must waive that.
    Returns: a bundle v0.3.
    Raises:  RefusedError: a service says no (`service.rejected`), or what it gave does not verify; UnavailableError: a
             service or the file cannot be reached; MalformedError: a service's answer; UsageError.
    Source:  sigstore/protobuf-specs, sigstore_bundle.proto.
    """
    from pycosign.flows.sign_blob import sign_blob

    if isinstance(artifact, Digest):
        raise UsageError("a file is signed by its content, not by its digest")
    source, context = open_artifact(artifact), _context(signer, instance)
    try:
        opened = _opened(source)
    except OSError as exc:
        raise UnavailableError(f"cannot read {source.name}: {exc.strerror or exc}", code="artifact.unreadable") from exc
    with opened as stream:
        return Bundle(sign_blob(stream, context=context, name=source.name).bundle)


def attest_file(
    artifact: ArtifactSource,
    *,
    predicate_type: str,
    predicate: "JsonValue",
    signer: PrivateKey | Token,
    instance: Instance | None,
    name: str | None = None,
) -> Bundle:
    """Sign a statement about one file.

    Args:    artifact: as of `sign_file`, or a Digest. predicate_type: its URI, or Cosign's name ("spdxjson" ...).
             predicate: what is said: JSON, as `json.loads` gives it. name: of the file in the statement; None: the last
             part of its path, and none for bytes. signer, instance: as of `sign_file`.
    Returns: a bundle v0.3 with the envelope.
    Raises:  as `sign_file`; UsageError: no predicate type; MalformedError: what is no JSON.
    Source:  in-toto/attestation, spec v1; DSSE 1.0.
    """
    import os

    from pycosign.attest.predicate_types import predicate_type_uri
    from pycosign.wire.intoto import format_statement

    if not predicate_type:
        raise UsageError("the type of the predicate is needed")
    if not isinstance(predicate, str | int | float | list | dict | None):
        raise MalformedError("predicate", f"is a {type(predicate).__name__}, which JSON cannot hold")
    if name is None and isinstance(artifact, str | os.PathLike):
        name = os.path.basename(artifact_name(artifact))
    known = open_artifact(artifact).read(("sha256",), whole=False).digests
    digests = {algorithm: raw.hex() for algorithm, raw in known.items() if algorithm == "sha256" or len(known) == 1}
    uri = predicate_type_uri(predicate_type)
    statement = format_statement(digests, predicate_type=uri, predicate=predicate, name=name)
    return attest_statement(statement, signer=signer, instance=instance)


def attest_statement(statement: bytes, *, signer: PrivateKey | Token, instance: Instance | None) -> Bundle:
    """Sign an in-toto statement that is there already, byte for byte.

    Args:    statement: JSON, version 0.1 or 1 of the format. signer, instance: as of `sign_file`.
    Returns: a bundle v0.3 with the envelope.
    Raises:  as `sign_file`; MalformedError: it is no statement.
    Source:  in-toto/attestation, spec v1; DSSE 1.0.
    """
    from pycosign.flows.attest_blob import attest_statement as sign_bytes

    return Bundle(sign_bytes(statement, context=_context(signer, instance)))


def sign_image(
    reference: str,
    *,
    signer: PrivateKey | Token,
    instance: Instance | None,
    annotations: Mapping[str, str] | None = None,
    store: bool = True,
    signatures_in: str | None = None,
    registry: RegistryAccess | None = None,
) -> SignedImage:
    """Sign an image, and store the bundle beside it as a referrer.

    A tag is resolved once, and the digest that it stands for is signed.

    Args:    reference: "[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]". signer, instance: as of `sign_file`. annotations: are
             signed with it. store: False: leave the registry as it is. signatures_in: the repository to store in,
             "[HOST[:PORT]/]REPOSITORY"; None: the image's own. registry: as of `Verifier`.
    Returns: what was signed.
    Raises:  as `sign_file`; ImageNotFoundError; UnavailableError: the registry; MalformedError: the reference
             or the repository.
    """
    signed = _sign_images(reference, signer, instance, annotations, store, signatures_in, registry, whole=False)
    return signed[0]


def sign_index(
    reference: str,
    *,
    signer: PrivateKey | Token,
    instance: Instance | None,
    annotations: Mapping[str, str] | None = None,
    store: bool = True,
    signatures_in: str | None = None,
    registry: RegistryAccess | None = None,
) -> tuple[SignedImage, ...]:
    """Sign an image index and every image in it, each by itself.

    Args:    as of `sign_image`.
    Returns: one result for each manifest, the index first.
    Raises:  as `sign_image`.
    """
    return _sign_images(reference, signer, instance, annotations, store, signatures_in, registry, whole=True)


def _opened(source: BlobSource) -> AbstractContextManager[ByteStream]:
    """The source's bytes. Raises: OSError."""
    if source.opener is not None:
        return source.opener()
    assert source.known is not None
    return io.BytesIO(source.known.message or b"")


def _sign_images(
    reference: str,
    signer: PrivateKey | Token,
    instance: Instance | None,
    annotations: Mapping[str, str] | None,
    store: bool,
    signatures_in: str | None,
    registry: RegistryAccess | None,
    *,
    whole: bool,
) -> tuple[SignedImage, ...]:
    from pycosign.flows.sign_image import ImageSigning, sign_image

    place = repository_name(signatures_in)
    how = ImageSigning(annotations=dict(annotations or {}), recursive=whole, upload=store, repository=place)
    signed = sign_image(
        reference,
        registry=(registry or RegistryAccess())._client(),
        context=_context(signer, instance),
        how=how,
    )
    return tuple(_signed(item) for item in signed)


def _signed(item: "StoredImage") -> SignedImage:
    assert item.bundle is not None  # only the legacy form has none
    return SignedImage(item.reference.name, item.digest, Bundle(item.bundle), item.stored_in)


def _context(signer: PrivateKey | Token, instance: Instance | None) -> SigningContext:
    """Who signs, where, and under which trust the result is checked."""
    if isinstance(signer, PrivateKey):
        means: KeySigning | KeylessSigning = KeySigning(signer._signer)
    elif isinstance(signer, Token):
        means = KeylessSigning(signer._token)
    else:
        raise UsageError(f"a PrivateKey or a Token is needed to sign, not {signer!r:.80}")
    if instance is None:
        return SigningContext(means, SigningServices(), utc_now)
    if not isinstance(instance, Instance):
        raise UsageError(f"an Instance is needed, not {instance!r:.80}")
    services = instance._services()
    is_offline = services.is_offline and isinstance(means, KeySigning)
    return SigningContext(
        means,
        services,
        instance._clock,
        http=None if is_offline else instance._client(),
        trust=instance.trust._root,
    )

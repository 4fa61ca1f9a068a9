"""An OCI image layout: a directory that holds images as a registry does. Also the ones that `cosign save` writes.

A layout is one repository: its name is ignored. Whoever can write the directory can withhold and replace what is in it;
nothing in it is believed without its digest. Source: OCI image-spec, image-layout.md; sigstore/cosign, pkg/oci/layout.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from pycosign import limits
from pycosign.errors import ImageNotFoundError, MalformedError, SigningError, UnavailableError, UsageError
from pycosign.oci.digests import check_content, check_size, verified
from pycosign.oci.registry import BlobSource, FetchedManifest
from pycosign.wire.oci_manifest import (
    INDEX_MEDIA_TYPES,
    MANIFEST_MEDIA_TYPES,
    Descriptor,
    Index,
    Manifest,
    attachment_tag,
    digest_of,
    fallback_tag,
    format_index,
    parse_index,
    read_manifest,
)
from pycosign.wire.reference import Reference, check_digest, is_digest

__all__ = ["LayoutRegistry"]

_REF_NAME: Final = "org.opencontainers.image.ref.name"
_KIND: Final = "kind"  # what `cosign save` marks entries of index.json with
_IMAGE_KINDS: Final = ("dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex")
_ATTACHMENT_KINDS: Final = {"sig": "dev.cosignproject.cosign/sigs", "att": "dev.cosignproject.cosign/atts"}
_LAYOUT: Final = b'{"imageLayoutVersion":"1.0.0"}'
_PIECE_BYTES: Final = 1 << 20


class LayoutRegistry:
    """One layout directory; implements `Registry`. It is made when something is first written to it.

    Safe to share between threads. Of two processes that write at once, the later one's index.json wins.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._lock = threading.Lock()

    # ---- reading ---------------------------------------------------------------------------------------------------
    def saved_image(self) -> Descriptor:
        """The image that the layout was made for: Cosign's entry, else the only one that is not an attachment.

        Raises: UsageError: there is none, or several.
        """
        entries = self._index().manifests
        marked = [entry for entry in entries if entry.annotations.get(_KIND) in _IMAGE_KINDS]
        unmarked = [e for e in entries if _KIND not in e.annotations and not self._refers(e)]
        found = marked or unmarked
        if len({entry.digest for entry in found}) != 1:
            raise UsageError(f"{self._directory} holds {len(found)} images, not one")
        return found[0]

    def resolve(self, reference: Reference) -> Descriptor:
        """As `Registry.resolve`."""
        manifest = self.get_manifest(reference.context, reference.identifier)
        return Descriptor(manifest.media_type, manifest.digest, len(manifest.raw))

    def get_manifest(self, repository: str, reference: str) -> FetchedManifest:
        """As `Registry.get_manifest`."""
        manifest = self.find_manifest(repository, reference)
        if manifest is None:
            raise ImageNotFoundError(f"not found in {self._directory}: {reference}")
        return manifest

    def find_manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        """As `Registry.find_manifest`. Cosign's marked attachments answer to the tags they have in a registry."""
        if is_digest(reference):
            digest: str | None = reference
        else:
            digest = self._tagged(reference)
        raw = self._read_blob(digest, limits.MANIFEST_BYTES) if digest is not None else None
        if digest is None or raw is None:
            return None
        check_content(raw, digest, f"{self._directory}: manifest {digest}")
        return FetchedManifest(raw, read_manifest(raw, what=f"manifest {digest}").media_type, digest)

    def get_blob(self, repository: str, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        """As `Registry.get_blob`."""
        check_size(descriptor, max_bytes)
        with self.open_blob(repository, descriptor) as chunks:
            return b"".join(chunks)

    @contextmanager
    def open_blob(self, repository: str, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """As `Registry.open_blob`."""
        path = self._blob_path(descriptor.digest)
        try:
            stream = open(path, "rb")  # noqa: SIM115 - closed below, once it is known to be there
        except FileNotFoundError as exc:
            raise ImageNotFoundError(f"not found in {self._directory}: blob {descriptor.digest}") from exc
        except OSError as exc:
            raise UnavailableError(f"{path}: {exc.strerror}") from exc
        with stream:
            chunks = iter(lambda: stream.read(_PIECE_BYTES), b"")
            yield verified(chunks, descriptor, f"{self._directory}: blob {descriptor.digest}")

    def has_blob(self, repository: str, digest: str) -> bool:
        """As `Registry.has_blob`."""
        return os.path.isfile(self._blob_path(digest))

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        """As `Registry.referrers`: listed entries, and, as `cosign save` lists none, every manifest among the blobs."""
        found = {entry.digest: entry for entry in self._index().manifests if self._refers(entry, digest)}
        for candidate in self._blob_digests():
            if candidate not in found:
                manifest = self._manifest_or_none(candidate)
                if manifest is not None and manifest.subject is not None and manifest.subject.digest == digest:
                    found[candidate] = _describe(manifest)
        if len(found) > limits.REFERRERS:
            what = f"{self._directory}: list of referrers of {digest}"
            raise MalformedError(what, f"has more than {limits.REFERRERS} entries", code="registry.too-many")
        return tuple(found[name] for name in sorted(found))

    def has_referrers_api(self, repository: str, digest: str) -> bool:
        """True: referrers are found by looking."""
        return True

    def list_tags(self, repository: str) -> tuple[str, ...]:
        """As `Registry.list_tags`."""
        names = (entry.annotations.get(_REF_NAME) for entry in self._index().manifests)
        return tuple(sorted({name for name in names if name}))

    # ---- writing ---------------------------------------------------------------------------------------------------
    def push_blob(
        self,
        repository: str,
        content: bytes | BlobSource,
        *,
        digest: str | None = None,
        size: int | None = None,
        mount_from: str | None = None,
    ) -> Descriptor:
        """As `Registry.push_blob`."""
        if isinstance(content, bytes):
            digest, size = digest_of(content), len(content)
        if digest is None or size is None:
            raise ValueError("a source needs its digest and size")
        described = Descriptor("application/octet-stream", digest, size)
        if not self.has_blob(repository, digest):
            pieces = (content,) if isinstance(content, bytes) else content()
            self._write(self._blob_path(digest), verified(iter(pieces), described, f"blob {digest}"))
        return described

    def push_manifest(self, repository: str, raw: bytes, media_type: str, *, tag: str | None = None) -> Descriptor:
        """As `Registry.push_manifest`; listed in index.json if it has a tag or a subject."""
        manifest = read_manifest(raw, media_type=media_type)
        described = _describe(manifest)
        self._write(self._blob_path(manifest.digest), (raw,))
        if tag is not None:
            entry = described._replace(annotations={_REF_NAME: tag})
            self._relist(lambda old: old.annotations.get(_REF_NAME) != tag, entry)
        elif manifest.subject is not None:
            self._relist(lambda old: old.digest != described.digest, described)
        return Descriptor(media_type, manifest.digest, len(raw))

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """As `Registry.delete_manifest`; blobs stay."""
        if not is_digest(reference):
            if reference not in self.list_tags(repository):
                return False
            self._relist(lambda old: old.annotations.get(_REF_NAME) != reference)
            return True
        path = self._blob_path(reference)
        if not os.path.isfile(path):
            return False
        self._relist(lambda old: old.digest != reference)
        os.unlink(path)
        return True

    # ---- inside ----------------------------------------------------------------------------------------------------
    def _tagged(self, tag: str) -> str | None:
        entries = self._index().manifests
        for entry in reversed(entries):
            if entry.annotations.get(_REF_NAME) == tag:
                return entry.digest
        images = [entry.digest for entry in entries if entry.annotations.get(_KIND) in _IMAGE_KINDS]
        for suffix, kind in _ATTACHMENT_KINDS.items():
            if any(attachment_tag(digest, suffix) == tag for digest in images):
                return next((entry.digest for entry in entries if entry.annotations.get(_KIND) == kind), None)
        return next((digest for digest in images if fallback_tag(digest) == tag), None)

    def _refers(self, entry: Descriptor, digest: str | None = None) -> bool:
        """Whether an entry of index.json has a subject, or this one."""
        manifest = self._manifest_or_none(entry.digest)
        if manifest is None or manifest.subject is None:
            return False
        return digest is None or manifest.subject.digest == digest

    def _manifest_or_none(self, digest: str) -> Manifest | Index | None:
        raw = self._read_blob(digest, limits.MANIFEST_BYTES, beginning=b"{")
        if raw is None:
            return None
        try:
            check_content(raw, digest, digest)
            return read_manifest(raw)
        except SigningError:
            return None  # blobs are anything; what is no manifest refers to nothing

    def _blob_digests(self) -> list[str]:
        digests = []
        for algorithm in ("sha256", "sha512"):
            directory = os.path.join(self._directory, "blobs", algorithm)
            if os.path.isdir(directory):
                digests += [f"{algorithm}:{name}" for name in sorted(os.listdir(directory))]
        return [digest for digest in digests if is_digest(digest)]

    def _blob_path(self, digest: str) -> str:
        algorithm, _, value = check_digest(digest, what="digest").partition(":")
        return os.path.join(self._directory, "blobs", algorithm, value)

    def _read_blob(self, digest: str, max_bytes: int, *, beginning: bytes = b"") -> bytes | None:
        """The whole file; None if there is none, or it is larger, or begins otherwise."""
        path = self._blob_path(digest)
        try:
            with open(path, "rb") as stream:
                head = stream.read(len(beginning))
                raw = head + stream.read(max_bytes + 1 - len(head)) if head == beginning else None
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise UnavailableError(f"{path}: {exc.strerror}") from exc
        return raw if raw is not None and len(raw) <= max_bytes else None

    def _index(self) -> Index:
        path = os.path.join(self._directory, "index.json")
        try:
            with open(path, "rb") as stream:
                raw = stream.read(limits.MANIFEST_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise UsageError(f"{self._directory} is not an OCI image layout: it has no index.json") from exc
        except OSError as exc:
            raise UnavailableError(f"{path}: {exc.strerror}") from exc
        return parse_index(raw, media_type=INDEX_MEDIA_TYPES[0], what=path)

    def _relist(self, keep: Callable[[Descriptor], bool], *added: Descriptor) -> None:
        with self._lock:
            listed: tuple[Descriptor, ...] = ()
            if os.path.exists(os.path.join(self._directory, "index.json")):
                listed = self._index().manifests
            entries = [entry for entry in listed if keep(entry)] + list(added)
            self._write(os.path.join(self._directory, "oci-layout"), (_LAYOUT,))
            self._write(os.path.join(self._directory, "index.json"), (format_index(entries),))

    def _write(self, path: str, pieces: Iterable[bytes]) -> None:
        """Write a file whole or not at all."""
        directory = os.path.dirname(path)
        try:
            os.makedirs(directory, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".tmp-", dir=directory)
        except OSError as exc:
            raise UsageError(f"cannot write to {directory}: {exc.strerror}") from exc
        try:
            with os.fdopen(handle, "wb") as stream:
                for piece in pieces:
                    stream.write(piece)
            os.chmod(temporary, 0o644)  # mkstemp's files are for their owner only
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def _describe(manifest: Manifest | Index) -> Descriptor:
    """A descriptor as the referrers list shows it."""
    artifact_type = manifest.artifact_type
    if artifact_type is None and isinstance(manifest, Manifest) and manifest.media_type in MANIFEST_MEDIA_TYPES:
        artifact_type = manifest.config.media_type
    size = len(manifest.raw)
    return Descriptor(manifest.media_type, manifest.digest, size, artifact_type, manifest.annotations)

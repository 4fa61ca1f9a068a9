"""A registry over HTTP. Source: OCI distribution-spec 1.1, spec.md."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

from pycosign import limits
from pycosign.codec.strict_json import load_json
from pycosign.errors import ImageNotFoundError, MalformedError, UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.exchange import content_length
from pycosign.net.http import HttpClient
from pycosign.oci import referrers, uploads
from pycosign.oci.digests import check_content, check_size, verified
from pycosign.oci.docker_config import ANONYMOUS, CredentialSource
from pycosign.oci.paging import next_page
from pycosign.oci.registry import BlobSource, DigestMismatchError, FetchedManifest, RegistryUnavailableError
from pycosign.oci.transport import RegistryTransport
from pycosign.wire.oci_manifest import INDEX_MEDIA_TYPES, MANIFEST_MEDIA_TYPES, Descriptor, digest_of
from pycosign.wire.reference import Reference, is_digest

__all__ = ["RegistryClient"]

_ACCEPT = ", ".join((*MANIFEST_MEDIA_TYPES, *INDEX_MEDIA_TYPES))


class RegistryClient:
    """Every registry that can be reached; implements `Registry`. Safe to share between threads."""

    def __init__(
        self,
        http: HttpClient,
        credentials: CredentialSource | None = None,
        *,
        allow_http: bool = False,
        allow_insecure: bool = False,
    ) -> None:
        """Open nothing yet.

        Args: credentials: by default none are ever sent; see `load_docker_config`.
              allow_http: plain HTTP where HTTPS does not answer, for any registry. allow_insecure: the same; that
              certificates are not checked is up to `http`'s TLS options.
        """
        source = credentials or (lambda repository: ANONYMOUS)
        self._transport = RegistryTransport(http, source, allow_http=allow_http, allow_insecure=allow_insecure)

    def within(self, deadline: Deadline) -> "RegistryClient":
        """The same client, with its connections and tokens, for questions that must be answered by then."""
        made = copy(self)
        made._transport = self._transport.within(deadline)
        return made

    # ---- manifests -------------------------------------------------------------------------------------------------
    def resolve(self, reference: Reference) -> Descriptor:
        """Ask with HEAD; with GET where that is not answered as it should be (GitLab: 404; others: no digest)."""
        repository, identifier = reference.context, reference.identifier
        url = self._transport.url(repository, f"manifests/{identifier}")
        response = self._transport.request(
            "HEAD", repository, url, expect=(200, 400, 404, 405), headers={"Accept": _ACCEPT}
        )
        media_type = _media_type(response.headers.get("Content-Type", ""))
        digest = response.headers.get("Docker-Content-Digest", "")
        length = content_length(response.headers)
        known = media_type in (*MANIFEST_MEDIA_TYPES, *INDEX_MEDIA_TYPES)
        if response.status == 200 and known and is_digest(digest) and length:
            if reference.digest is not None and digest != reference.digest:
                raise DigestMismatchError(reference.name, f"was answered with {digest}")
            return Descriptor(media_type, digest, length)
        manifest = self.get_manifest(repository, identifier)
        if not manifest.raw.lstrip().startswith(b"{"):  # a page of a proxy or a login: nothing was found out by it
            message = f"{reference.name} was answered with {manifest.media_type or 'something'} that is no manifest"
            raise RegistryUnavailableError(message, code="registry.unavailable")
        return Descriptor(manifest.media_type, manifest.digest, len(manifest.raw))

    def get_manifest(self, repository: str, reference: str) -> FetchedManifest:
        """As `Registry.get_manifest`."""
        manifest = self.find_manifest(repository, reference)
        if manifest is None:
            at = "@" if is_digest(reference) else ":"
            raise ImageNotFoundError(f"not found in the registry: {repository}{at}{reference}")
        return manifest

    def find_manifest(self, repository: str, reference: str) -> FetchedManifest | None:
        """As `Registry.find_manifest`."""
        url = self._transport.url(repository, f"manifests/{reference}")
        response = self._transport.request(
            "GET",
            repository,
            url,
            expect=(200, 404),
            headers={"Accept": _ACCEPT},
            max_bytes=limits.MANIFEST_BYTES,
        )
        if response.status == 404:
            return None
        what = f"manifest {repository}{'@' if is_digest(reference) else ':'}{reference}"
        claimed = response.headers.get("Docker-Content-Digest", "")
        if is_digest(reference):
            check_content(response.body, reference, what)
            digest = reference
        elif is_digest(claimed):
            check_content(response.body, claimed, what)
            digest = claimed
        else:
            digest = digest_of(response.body)
        return FetchedManifest(response.body, _media_type(response.headers.get("Content-Type", "")), digest)

    def push_manifest(self, repository: str, raw: bytes, media_type: str, *, tag: str | None = None) -> Descriptor:
        """As `Registry.push_manifest`. It may be sent again: storing the same manifest twice is harmless."""
        digest = digest_of(raw)
        url = self._transport.url(repository, f"manifests/{tag or digest}")
        response = self._transport.request(
            "PUT",
            repository,
            url,
            push=True,
            expect=(200, 201, 202),
            headers={"Content-Type": media_type},
            body=raw,
            retry=True,
        )
        stored = response.headers.get("Docker-Content-Digest", digest)
        if stored != digest:
            raise DigestMismatchError(f"manifest {repository}@{digest}", f"was stored as {stored[:100]!a}")
        return Descriptor(media_type, digest, len(raw))

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """As `Registry.delete_manifest`; a registry that deletes no tags is asked to delete the tag's digest."""
        url = self._transport.url(repository, f"manifests/{reference}")
        refused = (400, 405) if not is_digest(reference) else ()
        response = self._transport.request("DELETE", repository, url, expect=(200, 202, 204, 404, *refused), retry=True)
        if response.status in refused:
            manifest = self.find_manifest(repository, reference)
            return manifest is not None and self.delete_manifest(repository, manifest.digest)
        return response.status != 404

    def list_tags(self, repository: str) -> tuple[str, ...]:
        """As `Registry.list_tags`."""
        url: str | None = self._transport.url(repository, "tags/list")
        tags: list[str] = []
        for _ in range(limits.PAGES):
            if url is None:
                return tuple(sorted(set(tags)))
            response = self._transport.request("GET", repository, url, expect=(200, 404))
            if response.status == 404:
                raise ImageNotFoundError(f"not found in the registry: {repository}")
            what = f"list of tags of {repository}"
            answer = load_json(response.body, what=what, max_bytes=limits.RESPONSE_BYTES)
            found = answer.get("tags") if isinstance(answer, dict) else ()
            if found is not None and not (isinstance(found, list) and all(isinstance(t, str) for t in found)):
                raise MalformedError(what, "is not a list of tags")
            tags += [tag for tag in found or () if isinstance(tag, str)]
            url = next_page(response)
        raise RegistryUnavailableError(f"{repository} has more than {limits.PAGES} pages of tags")

    # ---- blobs -----------------------------------------------------------------------------------------------------
    def get_blob(self, repository: str, descriptor: Descriptor, *, max_bytes: int) -> bytes:
        """As `Registry.get_blob`."""
        check_size(descriptor, max_bytes)
        with self.open_blob(repository, descriptor) as chunks:
            return b"".join(chunks)

    @contextmanager
    def open_blob(self, repository: str, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """As `Registry.open_blob`."""
        url = self._transport.url(repository, f"blobs/{descriptor.digest}")
        # one byte more than there should be is read, to tell a longer blob from the right one
        with self._transport.stream(repository, url, expect=(200, 404), max_bytes=descriptor.size + 1) as response:
            if response.status == 404:
                raise ImageNotFoundError(f"not found in the registry: blob {repository}@{descriptor.digest}")
            yield verified(response.chunks, descriptor, f"blob {repository}@{descriptor.digest}")

    def has_blob(self, repository: str, digest: str) -> bool:
        """As `Registry.has_blob`."""
        url = self._transport.url(repository, f"blobs/{digest}")
        return self._transport.request("HEAD", repository, url, expect=(200, 404)).status == 200

    def push_blob(
        self,
        repository: str,
        content: bytes | BlobSource,
        *,
        digest: str | None = None,
        size: int | None = None,
        mount_from: str | None = None,
        chunk_bytes: int | None = None,
    ) -> Descriptor:
        """As `Registry.push_blob`. `chunk_bytes` sends it in chunks of that size, for registries that limit a request.

        A transfer that breaks is begun again, after asking whether the blob arrived all the same.
        """
        if isinstance(content, bytes):
            digest, size = digest_of(content), len(content)
        if digest is None or size is None:
            raise ValueError("a source needs its digest and size")
        blob = uploads.Blob(content, digest, size, chunk_bytes)
        policy = self._transport.http.retry_policy
        attempt = 0
        while not self.has_blob(repository, digest):
            try:
                uploads.upload(self._transport, repository, blob, mount_from)
                break
            except UnavailableError as exc:
                if attempt >= policy.retries or not uploads.may_succeed_later(exc):
                    raise
            self._transport.pause(policy.wait_seconds(attempt), f"upload of {digest} to {repository}")
            attempt += 1
        return Descriptor("application/octet-stream", digest, size)

    # ---- referrers -------------------------------------------------------------------------------------------------
    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        """As `Registry.referrers`."""
        found = referrers.from_api(self._transport, repository, digest)
        if found is None:
            return referrers.from_fallback_tag(self, repository, digest)
        return found

    def has_referrers_api(self, repository: str, digest: str) -> bool:
        """As `Registry.has_referrers_api`."""
        return referrers.from_api(self._transport, repository, digest) is not None


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()

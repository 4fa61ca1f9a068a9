"""Who refers to a manifest: from the referrers API, or from the fallback tag of registries without it.

Source: distribution specification 1.1, "Listing Referrers". More tolerant than Cosign (quirk 21): the content type may
have parameters, and pages are followed. Less tolerant in one thing: only 404, 400, 406, 405 and another kind of answer
mean "no API here"; anything else means that the question was not answered.
"""

import threading

from pycosign import limits
from pycosign.errors import MalformedError
from pycosign.oci.paging import next_page
from pycosign.oci.registry import Registry, RegistryUnavailableError
from pycosign.oci.transport import RegistryTransport
from pycosign.wire.oci_manifest import (
    OCI_INDEX,
    Descriptor,
    Index,
    fallback_tag,
    format_index,
    parse_index,
    read_manifest,
)

__all__ = ["add_to_fallback_tag", "from_api", "from_fallback_tag"]

_NO_API = (400, 404, 405, 406)
_WRITERS = threading.Lock()  # the threads of one process take turns; other processes are noticed


def from_api(transport: RegistryTransport, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
    """What the API lists; None if the registry has none.

    Raises: UnavailableError; MalformedError: what came as an index is not one, or it lists too many.
    """
    url: str | None = transport.url(repository, f"referrers/{digest}")
    found: list[Descriptor] = []
    for page in range(limits.PAGES):
        if url is None:
            return tuple(found)
        response = transport.request(
            "GET",
            repository,
            url,
            expect=(200, *_NO_API) if page == 0 else (200,),
            headers={"Accept": OCI_INDEX},
            max_bytes=limits.MANIFEST_BYTES,
        )
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.status != 200 or kind != OCI_INDEX:
            if page == 0:
                return None
            raise RegistryUnavailableError(f"page {page + 1} of the referrers of {repository}@{digest} is no index")
        what = f"list of referrers of {repository}@{digest}"
        found += parse_index(response.body, media_type=OCI_INDEX, what=what).manifests
        if len(found) > limits.REFERRERS:
            raise MalformedError(what, f"has more than {limits.REFERRERS} entries", code="registry.too-many")
        url = next_page(response)
    what = f"list of referrers of {repository}@{digest}"
    raise MalformedError(what, f"has more than {limits.PAGES} pages", code="registry.too-many")


def from_fallback_tag(registry: Registry, repository: str, digest: str) -> tuple[Descriptor, ...]:
    """What the index under the tag "sha256-HEX" lists; empty if there is no such tag.

    `cosign copy` puts the image itself under that tag (quirk 40): an image there lists nothing.
    """
    index = _fallback_index(registry, repository, digest)
    return () if index is None else index.manifests


def add_to_fallback_tag(registry: Registry, repository: str, digest: str, referrer: Descriptor) -> None:
    """Put a referrer into the index under the fallback tag, unless it is there; its entries are sorted by digest.

    Read, change, write, and read again: of two who write at once one is overwritten, and notices, and adds itself
    once more. Annotations are copied as the specification asks (Cosign leaves them out, quirk 22).
    Raises: MalformedError: the tag holds an image (see `from_fallback_tag`), which is not overwritten;
            RegistryUnavailableError: others overwrite it again and again.
    """
    tag = fallback_tag(digest)
    with _WRITERS:
        for _ in range(limits.RETRIES + 1):
            index = _fallback_index(registry, repository, digest)
            if index is None and registry.find_manifest(repository, tag) is not None:
                problem = "holds an image where the list of referrers belongs"
                raise MalformedError(f"tag {repository}:{tag}", problem, code="registry.fallback-tag")
            listed = index.manifests if index is not None else ()
            if any(entry.digest == referrer.digest for entry in listed):
                return
            entries = sorted((*listed, referrer), key=lambda entry: entry.digest)
            annotations = index.annotations if index is not None else {}
            registry.push_manifest(repository, format_index(entries, annotations=annotations), OCI_INDEX, tag=tag)
        if all(entry.digest != referrer.digest for entry in from_fallback_tag(registry, repository, digest)):
            message = f"tag {repository}:{tag} is being overwritten by others"
            raise RegistryUnavailableError(message, code="registry.fallback-tag")


def _fallback_index(registry: Registry, repository: str, digest: str) -> Index | None:
    tag = fallback_tag(digest)
    found = registry.find_manifest(repository, tag)
    if found is None:
        return None
    document = read_manifest(found.raw, media_type=found.media_type, what=f"fallback index {repository}:{tag}")
    return document if isinstance(document, Index) else None

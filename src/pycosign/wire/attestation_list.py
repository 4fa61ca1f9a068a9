"""Lists of bundles as npm's registry and GitHub's API answer them: {"attestations": [{"bundle": ...}, ...]}.

Source: npm, GET /-/npm/v1/attestations/NAME@VERSION; GitHub, GET /repos/OWNER/REPO/attestations/DIGEST. What stands
beside a bundle (`predicateType`, `repository_id`, `bundle_url`, `initiator`) is the server's word: nothing is decided
by it, no address in it is asked, and what servers add is skipped.
"""

from typing import NamedTuple

from pycosign import limits
from pycosign.codec.strict_json import Fields
from pycosign.errors import MalformedError
from pycosign.wire.bundle import Bundle, bundle_from_fields

__all__ = ["ListedBundle", "listed_from_fields", "read_listed"]

_SHOWN_CHARS = 200


class ListedBundle(NamedTuple):
    """One element of the list, its bundle not read yet."""

    fields: Fields
    note: str  # what the server says of it, for people: never trusted


def listed_from_fields(fields: Fields) -> tuple[ListedBundle, ...]:
    """The elements of the list.

    Raises: MalformedError: a member beside the list, something that is not an object in it, more than
            `limits.BUNDLES_PER_FILE` elements.
    """
    listed = tuple(
        ListedBundle(item, _note(item)) for item in fields.objects("attestations", limit=limits.BUNDLES_PER_FILE)
    )
    fields.refuse_unknown()
    return listed


def read_listed(listed: ListedBundle) -> Bundle:
    """The bundle of one element. Raises: MalformedError: there is none (GitHub may give an address alone), or see
    `parse_bundle`."""
    bundle = listed.fields.optional_object("bundle")
    if bundle is None:
        address = " but only an address, which is never asked" if "bundle_url" in listed.fields else ""
        raise MalformedError(listed.fields.path("bundle"), f"is missing: there is no bundle{address}")
    return bundle_from_fields(bundle)


def _note(fields: Fields) -> str:
    claimed = fields.optional_value("predicateType")
    return f"listed as {claimed[:_SHOWN_CHARS]}" if isinstance(claimed, str) else ""

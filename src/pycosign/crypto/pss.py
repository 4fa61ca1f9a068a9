"""The parameters of RSASSA-PSS in an AlgorithmIdentifier; only sound ones are read. Source: RFC 4055, 3.1."""

from typing import Final

from pycosign.codec.der import DerReader
from pycosign.crypto.algorithms import hash_name_of_oid
from pycosign.crypto.digests import ALGORITHMS
from pycosign.errors import MalformedError

__all__ = ["parse_pss_parameters"]

_MGF1_OID: Final = "1.2.840.113549.1.1.8"
_NULL_TAG: Final = 0x05


def parse_pss_parameters(algorithm: DerReader, what: str) -> str:
    """Read what follows the OID, to the end of the AlgorithmIdentifier.

    Returns: the hash of message and mask: "sha256", "sha384", "sha512".
    Raises:  MalformedError: SHA-1 (what absent members mean), two hashes, a mask other than MGF1, a salt that is not as
             long as the digest, or a trailer (its only value is the default, and DER leaves that out).
    """
    fields = algorithm.sequence()
    algorithm.finish()
    name = _hash(_identifier(fields, 0, what), what)
    mask = _identifier(fields, 1, what)
    if mask.oid() != _MGF1_OID:
        raise MalformedError(what, "uses a mask other than MGF1", code="algorithm.unsupported")
    mask_name = _hash(mask.sequence(), what)
    mask.finish()
    salt = _member(fields, 2, what)
    length = salt.bounded_integer()
    salt.finish()
    fields.finish()
    if mask_name != name:
        raise MalformedError(what, f"uses {name} for the message and {mask_name} for the mask")
    if length != ALGORITHMS[name]:
        raise MalformedError(what, f"has a salt of {length} bytes, not the {ALGORITHMS[name]} of {name}")
    return name


def _identifier(fields: DerReader, number: int, what: str) -> DerReader:
    member = _member(fields, number, what)
    identifier = member.sequence()
    member.finish()
    return identifier


def _member(fields: DerReader, number: int, what: str) -> DerReader:
    member = fields.optional_context(number)
    if member is None:
        raise MalformedError(
            what, "leaves out PSS parameters, whose defaults are for SHA-1", code="algorithm.unsupported"
        )
    return member


def _hash(fields: DerReader, what: str) -> str:
    """An AlgorithmIdentifier of a hash; writers put NULL or nothing after the OID, and readers must take both."""
    name = hash_name_of_oid(fields.oid(), what)
    if fields.next_is(_NULL_TAG):
        fields.null()
    fields.finish()
    return name

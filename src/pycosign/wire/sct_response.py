"""A certificate log's answer to a submission, as JSON: how an SCT travels outside its certificate.

Source: RFC 6962, 4.1; certificate-transparency-go, `AddChainResponse`; Cosign's `--sct` file is one.
"""

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject
from pycosign.codec.strict_json import Fields, load_json
from pycosign.wire.sct import Sct, format_digitally_signed, parse_digitally_signed

__all__ = ["parse_sct_response", "sct_response"]


def parse_sct_response(data: bytes, *, what: str = "SCT") -> Sct:
    """Parse the answer.

    Raises: MalformedError: not strict JSON, a member unknown or missing, another version or algorithm.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.SCT_RESPONSE_BYTES), what, protojson=False)
    fields.integer("sct_version", minimum=0, maximum=0)
    log_id = fields.b64("id", size=32)
    timestamp_ms = fields.integer("timestamp", minimum=0)
    extensions = fields.optional_b64("extensions") or b""
    signature = fields.b64("signature")
    fields.refuse_unknown()
    return Sct(log_id, timestamp_ms, extensions, *parse_digitally_signed(signature, f"{what} signature"))


def sct_response(sct: Sct) -> JsonObject:
    """The answer as a JSON object."""
    return {
        "sct_version": sct.version,
        "id": encode_b64(sct.log_id),
        "timestamp": sct.timestamp_ms,
        "extensions": encode_b64(sct.extensions),
        "signature": encode_b64(format_digitally_signed(sct.hash_alg, sct.sig_alg, sct.signature)),
    }

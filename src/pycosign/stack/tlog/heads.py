"""How a log names itself and signs its heads: signed notes, under Rekor v1's rules and under C2SP's."""

from typing import NamedTuple

from pycosign.crypto.log_id import HINT_BYTES, note_key_id, spki_log_id
from pycosign.crypto.signers import Signer
from pycosign.errors import UsageError
from pycosign.stack.tlog.core import SignHead
from pycosign.wire.checkpoint import Checkpoint, format_checkpoint, rekor_v1_origin
from pycosign.wire.note import Note, NoteSignature, format_note

__all__ = ["LogName", "rekor_v1_name", "rekor_v2_name"]


class LogName(NamedTuple):
    """What a log's checkpoints and entries carry to name it."""

    origin: str  # the checkpoint's first line
    key_name: str  # on its signature line
    log_id: bytes  # 32 bytes; the first 4 are the signature's hint
    spki_der: bytes

    def identity(self) -> bytes:
        """What a store remembers: another name or another key is another log."""
        return self.origin.encode() + b"\n" + self.spki_der

    def head_signer(self, signer: Signer) -> SignHead:
        """How the engine signs this log's heads: as a signed note."""

        def sign(size: int, root: bytes, _timestamp_ms: int) -> bytes:
            text = format_checkpoint(Checkpoint(self.origin, size, root))
            signature = NoteSignature(self.key_name, self.log_id[:HINT_BYTES], signer.sign(text.encode()))
            return format_note(Note(text, (signature,))).encode()

        return sign


def rekor_v1_name(host: str, tree_id: int, signer: Signer) -> LogName:
    """A Rekor v1 tree: origin "HOST - TREEID", the signature under HOST alone.

    Raises: UsageError: a key that is not ECDSA P-256: Cosign's legacy verification takes no other.
    Source: sigstore/rekor, pkg/util/checkpoint.go.
    """
    key = signer.public_key
    if key.kind != "ecdsa-p256":
        raise UsageError(f"a Rekor v1 log signs with ECDSA P-256, not {key.kind}")
    return LogName(rekor_v1_origin(host, tree_id), host, spki_log_id(key.spki_der), key.spki_der)


def rekor_v2_name(host: str, signer: Signer) -> LogName:
    """A Rekor v2 log: the bare host name is the origin, without port and path.

    Source: sigstore/rekor-tiles, pkg/note/note.go; sigstore-go takes the host name of the trust root's base URL.
    """
    key = signer.public_key
    return LogName(host, host, note_key_id(host, key), key.spki_der)

"""What a log says now, held against what evidence holds already, before one completes the other."""

from pycosign.crypto.merkle import leaf_hash, root_from_inclusion_proof
from pycosign.errors import EntryMismatchError, MalformedError, RootMismatchError
from pycosign.wire.checkpoint import parse_signed_checkpoint
from pycosign.wire.log_entry import LogEntry

__all__ = ["check_inclusion", "completed"]


def completed(entry: LogEntry, fetched: LogEntry) -> LogEntry:
    """The entry with the inclusion proof that the log gives for it now; its own promise stays.

    Raises: EntryMismatchError: the log has another entry there; as `check_inclusion`.
    """
    same = (entry.log_index, entry.log_id, entry.body, entry.integrated_at)
    if same != (fetched.log_index, fetched.log_id, fetched.body, fetched.integrated_at):
        raise EntryMismatchError(f"the log's entry {entry.log_index} is not the one in the bundle: is it another log?")
    check_inclusion(fetched)
    return entry._replace(proof=fetched.proof)


def check_inclusion(entry: LogEntry) -> None:
    """That the entry's inclusion proof leads to the root of its checkpoint. Whose checkpoint that is, is not asked.

    Raises: MalformedError: there is no proof or checkpoint, or they cannot be read; RootMismatchError.
    """
    proof = entry.proof
    if proof is None or not proof.checkpoint:
        raise MalformedError("log entry", "has no inclusion proof with a checkpoint, and bundles need one")
    computed = root_from_inclusion_proof(leaf_hash(entry.body), proof.log_index, proof.size, proof.hashes)
    _, checkpoint = parse_signed_checkpoint(proof.checkpoint)
    if computed != proof.root or checkpoint.root != proof.root:
        raise RootMismatchError(f"the inclusion proof of entry {entry.log_index} leads to another root")

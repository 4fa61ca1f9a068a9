"""What a refresh writes over in the TUF cache, in one file until it has: metadata counts only as a set that fits.

A process that ends between two renames leaves a mixed set, which nobody can check without the network; the journal has
the rest of the new one. It proves as little as the cache itself: whoever reads it checks what comes out.
"""

import os
from collections.abc import Mapping
from typing import Final

from pycosign.codec.b64 import encode_b64
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.files import read_bounded

__all__ = ["JOURNAL_NAME", "format_journal", "parse_journal", "read_journal"]

JOURNAL_NAME: Final = "pycosign-pending.json"  # in the mirror's folder, where Cosign looks for nothing of this name
_MAX_BYTES: Final = 64 << 20


def format_journal(files: Mapping[str, bytes]) -> bytes | None:
    """`{"files": {name: base64}}`; None where that would be longer than is read again."""
    if sum(map(len, files.values())) > _MAX_BYTES // 2:
        return None
    return compact_json({"files": {name: encode_b64(data) for name, data in files.items()}})


def parse_journal(raw: bytes) -> dict[str, bytes]:
    """The files by their names relative to the mirror's folder. Raises: MalformedError."""
    document = Fields(load_json(raw, what="cache journal", max_bytes=_MAX_BYTES), "cache journal", protojson=False)
    files = document.object("files")
    return {name: files.b64(name) for name in files}


def read_journal(folder: str) -> dict[str, bytes]:
    """The files of a mirror's journal; none where there is no journal that can be read."""
    try:
        raw = read_bounded(os.path.join(folder, JOURNAL_NAME), _MAX_BYTES)
        return {} if raw is None else parse_journal(raw)
    except (OSError, MalformedError):
        return {}

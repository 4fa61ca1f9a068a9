"""What a run of millions need not do twice.

A mutant changes one thing, so most of its parsing and checking repeats the original's. Remembered are pure functions of
immutable bytes that return immutable values, and only their successes; a failure is always worked out anew. With this
the run takes a fifth of the time. `test_the_memory_changes_no_answer` compares a sample with and without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from types import ModuleType
from typing import Any, Final

import pycosign.codec.fields
import pycosign.verify.binding
import pycosign.verify.claim
import pycosign.verify.explain
import pycosign.verify.leaf
import pycosign.verify.needs
import pycosign.verify.signature
import pycosign.verify.timestamps
import pycosign.wire.intoto
import pycosign.wire.tsp
from pycosign.crypto.keys import PublicKey

_PARSERS: Final[tuple[tuple[ModuleType, str], ...]] = (
    (pycosign.verify.binding, "load_public_key"),
    (pycosign.verify.binding, "parse_pem"),
    (pycosign.verify.binding, "parse_rekor_body"),
    (pycosign.verify.explain, "parse_rekor_body"),
    (pycosign.verify.needs, "parse_rekor_body"),
    (pycosign.verify.signature, "parse_rekor_body"),
    (pycosign.codec.fields, "decode_b64"),
    (pycosign.verify.claim, "parse_certificate"),
    (pycosign.verify.leaf, "parse_certificate"),
    (pycosign.verify.timestamps, "parse_certificate"),
    (pycosign.wire.intoto, "parse_statement"),
    (pycosign.wire.tsp, "parse_response"),
)
_ENTRIES: Final = 256  # of each function


@contextmanager
def remembering() -> Iterator[None]:
    """While this is open, repeated successes of signature checks and parsers are remembered, in this process."""
    originals: list[tuple[Any, str, Any]] = [(PublicKey, name, getattr(PublicKey, name)) for name in _CHECKS]
    originals += [(module, name, getattr(module, name)) for module, name in _PARSERS]
    memories = {original: lru_cache(_ENTRIES)(original) for owner, _, original in originals if owner is not PublicKey}
    for owner, name, original in originals:  # a parser that several modules call remembers for all of them
        setattr(owner, name, _remembering_check(original) if owner is PublicKey else memories[original])
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


_CHECKS: Final = ("verify", "verify_digest")


def _remembering_check(original: Any) -> Any:
    good: set[tuple[object, ...]] = set()

    @wraps(original)
    def check(self: PublicKey, signature: bytes, content: bytes, *rest: object, **named: object) -> None:
        question = (self.spki_der, signature, content, rest, *named.items())
        if question in good:
            return
        original(self, signature, content, *rest, **named)
        if len(good) < _ENTRIES:
            good.add(question)

    return check

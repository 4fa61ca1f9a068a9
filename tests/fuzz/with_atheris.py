"""The second engine: libFuzzer by way of atheris, guided by coverage. Run as `python -m tests.fuzz atheris TARGET`.

pycosign must not have been imported before: atheris rewrites modules while they are imported.
"""

import os
import random
import re
import sys
from pathlib import Path
from typing import Any, Final

__all__ = ["run_atheris"]

_MAX_LEN: Final = 64 << 10
_WORD: Final = re.compile(rb'"([\x20-\x7e]{2,60}?)"')
_WORDS: Final = (b"sha256", b"https://", b"null", b"true", b"-----BEGIN ", b"0123456789abcdef")


class _Seeded:
    """Choices out of libFuzzer's seed."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def below(self, bound: int) -> int:
        return int(self._random.random() * bound)


def run_atheris(name: str, seconds: float, directory: Path, scratch: Path) -> None:
    """Fuzz one target for so many seconds of processor time; does not return.

    `scratch` is for the corpus; the caller removes it.
    """
    import atheris

    with atheris.instrument_imports(include=["pycosign"]):
        from tests.fuzz.table import TABLE
    from tests.fuzz.mutate import mutate
    from tests.fuzz.watch import Watch

    target = TABLE[name]
    samples = target.seeds()
    corpus, words = scratch / "corpus", scratch / "words.dict"
    corpus.mkdir(parents=True)
    for number, sample in enumerate(samples):
        (corpus / f"sample-{number}").write_bytes(sample)
    words.write_text(_dictionary((*_WORDS, *target.words, *_words(samples))))
    watch = Watch(target, "atheris", directory, seconds)

    def one_input(data: bytes) -> None:
        watch.run(data)
        if watch.is_over():  # libFuzzer looks at the clock only between inputs of its own choice
            watch.note(status="done", corpus=len(os.listdir(corpus)))
            os._exit(0)

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        if seed % 3 == 0 or not data:
            changed: bytes = atheris.Mutate(data, max_size)
            return changed
        return mutate(data, samples, _Seeded(seed))[:max_size]

    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_len={_MAX_LEN}",
        "-timeout=300",  # of wall time, for what hangs in C: the watch ends the rest by processor time
        "-rss_limit_mb=1024",
        f"-dict={words}",
        f"-artifact_prefix={directory}/crashes/{name}.",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    (directory / "crashes").mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"custom_mutator": change}
    atheris.Setup(arguments, one_input, **options)
    atheris.Fuzz()


def _words(samples: list[bytes]) -> list[bytes]:
    """What samples call their members, and other short texts in them."""
    found: dict[bytes, int] = {}
    for sample in samples[:60]:
        for word in _WORD.findall(sample):
            found[word] = found.get(word, 0) + 1
    return sorted(found, key=lambda word: -found[word])[:150]


def _dictionary(words: tuple[bytes, ...]) -> str:
    def quoted(word: bytes) -> str:
        return "".join(chr(b) if 0x20 <= b < 0x7F and b not in (0x22, 0x5C) else f"\\x{b:02x}" for b in word)

    return "".join(f'"{quoted(word)}"\n' for word in dict.fromkeys(words))

"""A refresh of the TUF cache that ends in the middle: by Ctrl-C, a full disk, `kill -9` or a power cut."""

import errno
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from pycosign.instances import tuf_journal
from pycosign.instances.tuf_cache import CacheLocation, TufCache, lock_cache
from pycosign.stack.tuf.core import Target, TufKeys, build_repository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER = b"the trust root before", b"the trust root after"


class Killed(BaseException):
    """The process ends here."""


def cache_files(content: bytes, keys: TufKeys) -> dict[str, bytes]:
    """A repository as the cache has it."""
    made = build_repository({"trusted_root.json": Target(content)}, keys, now=NOW)
    files = {name: made[f"1.{name}"] for name in ("root.json", "snapshot.json", "targets.json")}
    return {**files, "timestamp.json": made["timestamp.json"], "targets/trusted_root.json": content}


@pytest.fixture(scope="module")
def versions() -> tuple[dict[str, bytes], dict[str, bytes]]:
    keys = TufKeys(*(ec.generate_private_key(ec.SECP256R1()) for _ in range(2)))
    return cache_files(BEFORE, keys), cache_files(AFTER, keys)


@pytest.fixture
def cache(tmp_path: Path, versions: tuple[dict[str, bytes], dict[str, bytes]]) -> TufCache:
    made = TufCache(CacheLocation(str(tmp_path / "root"), "https://tuf.example.com"))
    store(made, versions[0])
    return made


def rotated(files: dict[str, bytes], root_key: ec.EllipticCurvePrivateKey) -> dict[str, bytes]:
    """The same with a second root, and the way from the first to it."""
    metadata: Metadata[Root] = Metadata.from_bytes(files["root.json"])
    metadata.signed.version = 2
    metadata.sign(CryptoSigner(root_key, SSlibKey.from_crypto(root_key.public_key(), scheme="ecdsa-sha2-nistp256")))
    second = metadata.to_bytes(JSONSerializer(compact=True))
    history = {"root_history/1.root.json": files["root.json"], "root_history/2.root.json": second}
    return {**files, **history, "root.json": second}


def store(cache: TufCache, files: Mapping[str, bytes]) -> None:
    with lock_cache(cache.location):
        cache.store(files, at=NOW)


def content(cache: TufCache) -> bytes:
    target = cache.read_target("trusted_root.json")
    assert target is not None
    return target.content


def journal(cache: TufCache) -> Path:
    return Path(cache.location.folder, tuf_journal.JOURNAL_NAME)


def end_at(monkeypatch: pytest.MonkeyPatch, step: int, end: BaseException) -> list[str]:
    """Let the process end at so many renames and removals; the names of those that were made."""
    made: list[str] = []
    replace, unlink = os.replace, os.unlink

    def note(path: str) -> None:
        if len(made) == step:
            raise end
        made.append(os.path.basename(path))

    def noted_replace(source: str, target: str) -> None:
        note(target)
        replace(source, target)

    def noted_unlink(path: str) -> None:
        if not path.endswith(".tmp"):
            note(path)
        unlink(path)

    monkeypatch.setattr(os, "replace", noted_replace)
    monkeypatch.setattr(os, "unlink", noted_unlink)
    return made


def test_a_whole_refresh_leaves_no_journal(
    cache: TufCache, versions: tuple[dict[str, bytes], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = end_at(monkeypatch, 99, Killed())
    store(cache, versions[1])
    assert content(cache) == AFTER
    assert made[0] == made[-2] == tuf_journal.JOURNAL_NAME
    assert made[-3] == "timestamp.json"
    assert not journal(cache).exists()


@pytest.mark.parametrize("end", [Killed(), OSError(errno.ENOSPC, "no space left")], ids=["killed", "full"])
@pytest.mark.parametrize("step", range(8))
def test_whenever_it_ends_the_old_or_the_new_trust_is_read_offline_and_the_next_refresh_completes_it(
    cache: TufCache,
    versions: tuple[dict[str, bytes], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    end: BaseException,
) -> None:
    with monkeypatch.context() as patch:
        made = end_at(patch, step, end)
        try:
            store(cache, versions[1])
        except (Killed, OSError):
            assert len(made) == step
    assert content(cache) == (AFTER if len(made) > 1 else BEFORE)  # the journal itself changes nothing
    store(cache, versions[1])
    assert content(cache) == AFTER
    assert not journal(cache).exists()


def test_a_refresh_after_one_that_ended_may_bring_yet_another_version(
    cache: TufCache, versions: tuple[dict[str, bytes], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = versions
    for step in (3, 2, 4):
        for files in (after, before):
            with monkeypatch.context() as patch:
                end_at(patch, step, Killed())
                with pytest.raises(Killed):
                    store(cache, files)
            assert content(cache) == files["targets/trusted_root.json"]


def test_a_journal_that_nobody_completes_helps_in_a_home_that_cannot_be_written_to(
    cache: TufCache, versions: tuple[dict[str, bytes], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        end_at(patch, 3, Killed())
        with pytest.raises(Killed):
            store(cache, versions[1])
    listed = {path: path.read_bytes() for path in Path(cache.location.folder).rglob("*.json")}
    assert content(cache) == AFTER
    assert {path: path.read_bytes() for path in Path(cache.location.folder).rglob("*.json")} == listed


def test_a_journal_never_replaces_a_cache_that_fits(
    cache: TufCache, versions: tuple[dict[str, bytes], dict[str, bytes]]
) -> None:
    """Cosign may have refreshed it since, and knows no journal."""
    written = tuf_journal.format_journal(versions[1])
    assert written is not None
    journal(cache).write_bytes(written)
    assert content(cache) == BEFORE


@pytest.mark.parametrize(
    "written",
    [b"", b"{}", b"[]", b'{"files": {"root.json": 1}}', b'{"files": {"root.json": "%"}}', b'{"files": {}}'],
    ids=["empty", "nothing", "another type", "a number", "no base64", "no files"],
)
def test_a_journal_that_says_nothing_leaves_the_refusal_as_it_was(cache: TufCache, written: bytes) -> None:
    Path(cache.location.folder, "timestamp.json").write_bytes(b"{}")
    refusals = []
    for _ in range(2):
        with pytest.raises(Exception, match="timestamp") as refusal:
            content(cache)
        refusals.append(str(refusal.value))
        journal(cache).write_bytes(written)
    assert refusals[0] == refusals[1]


def test_a_forged_journal_is_checked_like_the_cache(cache: TufCache) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    forged = cache_files(b"a stranger's trust root", TufKeys(stranger, stranger))
    del forged["root.json"]  # the stored one stays
    written = tuf_journal.format_journal(forged)
    assert written is not None
    Path(cache.location.folder, "timestamp.json").write_bytes(b"{}")
    journal(cache).write_bytes(written)
    with pytest.raises(Exception, match=r"timestamp|signatures"):
        content(cache)


def test_what_would_be_too_long_has_no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuf_journal, "_MAX_BYTES", 8)
    assert tuf_journal.format_journal({"a": b"12345"}) is None
    assert tuf_journal.format_journal({"a": b"1234"}) is not None


@given(st.dictionaries(st.text(max_size=20), st.binary(max_size=50), max_size=5))
def test_a_journal_gives_back_what_was_written(files: dict[str, bytes]) -> None:
    written = tuf_journal.format_journal(files)
    assert written is not None
    assert tuf_journal.parse_journal(written) == files


@pytest.mark.parametrize("step", range(2, 8))
def test_the_way_to_a_new_root_is_in_the_journal_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    keys = TufKeys(*(ec.generate_private_key(ec.SECP256R1()) for _ in range(2)))
    before, after = cache_files(BEFORE, keys), rotated(cache_files(AFTER, keys), keys.root)
    anchor = tmp_path / "anchor.json"
    anchor.write_bytes(before["root.json"])
    cache = TufCache(CacheLocation(str(tmp_path / "root"), "https://tuf.example.com", str(anchor)))
    store(cache, before)
    with monkeypatch.context() as patch:
        end_at(patch, step, Killed())
        with pytest.raises(Killed):
            store(cache, after)
    assert content(cache) == (AFTER if step > 3 else BEFORE)  # the journal and the history leave the set as it was
    store(cache, after)
    assert content(cache) == AFTER


def test_the_date_is_that_of_the_last_refresh_that_was_completed(
    cache: TufCache, versions: tuple[dict[str, bytes], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        end_at(patch, 3, Killed())
        with pytest.raises(Killed), lock_cache(cache.location):
            cache.store(versions[1], at=NOW + timedelta(days=1))
    assert cache.refreshed_at() == NOW

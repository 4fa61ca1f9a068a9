"""Services from a signing config, trust from loose files, and files written whole."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pycosign.errors import MalformedError, UsageError
from pycosign.files import read_bounded, write_atomically
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, STAGING_MIRROR, embedded_file
from pycosign.instances.home import user_home
from pycosign.instances.legacy_material import LegacyFiles, completed_trust, legacy_trust
from pycosign.instances.services import services_from_config
from pycosign.instances.tuf_check import canonical_bytes, root_version
from pycosign.sign.services import LogService
from pycosign.wire.signing_config import Selector, Service, SigningConfig, parse_signing_config
from pycosign.wire.trusted_root import ValidFor, parse_trusted_root
from tests.instances.conftest import Mirror

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def service(url: str, version: int = 1, operator: str = "op", days: int = -100, end: int | None = None) -> Service:
    span = ValidFor(NOW + timedelta(days=days), None if end is None else NOW + timedelta(days=end))
    return Service(url, version, span, operator)


def test_the_public_instances_are_built_in_and_parse() -> None:
    for mirror, version in ((PUBLIC_GOOD_MIRROR, 15), (STAGING_MIRROR, 14)):
        root, trusted, config = (
            embedded_file(mirror, name) for name in ("root.json", "trusted_root.json", "signing_config.v0.2.json")
        )
        assert root is not None
        assert trusted is not None
        assert config is not None
        assert root_version(root) == version
        assert parse_trusted_root(trusted).tlogs
        services = services_from_config(parse_signing_config(config), now=NOW)
        assert services.fulcio_url
        assert services.logs
        assert services.timestamp_urls
    assert embedded_file("https://example.com", "root.json") is None


def test_the_highest_version_that_is_valid_now_is_chosen() -> None:
    config = SigningConfig(
        ca=(service("http://old", days=-200), service("http://new", days=-1), service("http://future", days=1)),
        rekor=(service("http://v1"), service("http://v2", 2), service("http://ended", 2, days=-50, end=-1)),
        rekor_selector=Selector("ANY"),
    )
    services = services_from_config(config, now=NOW)
    assert services.fulcio_url == "http://new"
    assert services.logs == (LogService("http://v2", 2),)
    assert services.oidc_issuer is None
    assert services.timestamp_urls == ()


def test_any_picks_by_the_chooser_and_all_takes_everything() -> None:
    stamps = (service("http://a", operator="a"), service("http://b", operator="b"))
    anyone = SigningConfig(tsa=stamps, tsa_selector=Selector("ANY"))
    assert services_from_config(anyone, now=NOW, choose=lambda of, n: list(of)[-n:]).timestamp_urls in (
        ("http://a",),
        ("http://b",),
    )
    everyone = SigningConfig(tsa=stamps, tsa_selector=Selector("ALL"))
    assert sorted(services_from_config(everyone, now=NOW).timestamp_urls) == ["http://a", "http://b"]


def test_loose_files_make_trust_and_the_rest_comes_from_the_trust_root(mirror: Mirror, tmp_path: Path) -> None:
    from pycosign.codec.pem import format_pem
    from pycosign.verify.trust import compile_trust

    root = mirror.sandbox.trust
    base = compile_trust(root)
    assert legacy_trust(LegacyFiles(), environ={}) is None
    roots = tmp_path / "roots.pem"
    chain = root.certificate_authorities[0].chain_der
    roots.write_bytes(b"".join(format_pem("CERTIFICATE", der) for der in chain))
    rekor = tmp_path / "rekor.pub"
    rekor.write_bytes(format_pem("PUBLIC KEY", root.tlogs[0].key_der))
    given = legacy_trust(LegacyFiles(certificate_chain=str(roots)), environ={})
    assert given is not None
    completed = completed_trust(given, base)
    assert [authority.uri for authority in completed.certificate_authorities] == [""]
    assert completed.logs == base.logs
    below = tmp_path / "intermediates.pem"
    below.write_bytes(roots.read_bytes())
    made = legacy_trust(LegacyFiles(ca_roots=str(roots), ca_intermediates=str(below)), environ={})
    assert made is not None
    assert len(made.certificate_authorities) == len(chain)  # each of --ca-roots, and none of the other file
    bare = legacy_trust(LegacyFiles(), environ={"SIGSTORE_REKOR_PUBLIC_KEY": str(rekor)})
    assert bare is not None
    assert len(bare.logs) == 1
    assert not bare.certificate_authorities


def test_each_flag_says_which_certificates_are_anchors(mirror: Mirror, tmp_path: Path) -> None:
    from pycosign.codec.pem import format_pem

    intermediate, root = mirror.sandbox.trust.certificate_authorities[0].chain_der
    paths = {}
    for name, ders in {
        "int": [intermediate],
        "root": [root],
        "both": [intermediate, root],
        "back": [root, intermediate],
    }.items():
        (tmp_path / name).write_bytes(b"".join(format_pem("CERTIFICATE", der) for der in ders))
        paths[name] = str(tmp_path / name)

    def chains(files: LegacyFiles, **environ: str) -> list[tuple[bytes, ...]]:
        made = legacy_trust(files, environ=environ)
        assert made is not None
        return [authority.chain_der for authority in made.certificate_authorities]  # the anchor is last

    assert chains(LegacyFiles(certificate_chain=paths["both"])) == [(intermediate, root)]
    assert chains(LegacyFiles(certificate_chain=paths["back"])) == [(root, intermediate)]
    assert chains(LegacyFiles(certificate_chain=paths["int"])) == [(intermediate,)]
    assert chains(LegacyFiles(ca_roots=paths["both"])) == [(intermediate,), (root,)]
    assert chains(LegacyFiles(ca_roots=paths["int"], ca_intermediates=paths["root"])) == [(root, intermediate)]
    assert chains(LegacyFiles(), SIGSTORE_ROOT_FILE=paths["back"]) == [(intermediate, root)]


def test_contradicting_and_missing_files_are_usage_errors(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("no pem")
    for files in (
        LegacyFiles(ca_roots=str(path), certificate_chain=str(path)),
        LegacyFiles(ca_intermediates=str(path)),
        LegacyFiles(certificate_chain=str(tmp_path / "absent")),
    ):
        with pytest.raises(UsageError):
            legacy_trust(files, environ={})
    with pytest.raises(MalformedError):
        legacy_trust(LegacyFiles(certificate_chain=str(path)), environ={})


def test_tufs_canonical_json_escapes_quote_and_backslash_only() -> None:
    assert canonical_bytes({"b": ['"\\\n\u00e9', 1, True, None], "a": {}}) == (
        b'{"a":{},"b":["\\"\\\\\n' + "\u00e9".encode() + b'",1,true,null]}'
    )
    with pytest.raises(MalformedError):
        canonical_bytes(1.5)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(str(path), b"one")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(OSError, match="absent"):
        write_atomically(str(tmp_path / "absent" / "file"), b"two")
    assert os.listdir(tmp_path) == ["file"]
    assert read_bounded(str(path), 3) == b"one"
    assert read_bounded(str(tmp_path / "none"), 3) is None
    with pytest.raises(OSError, match="larger"):
        read_bounded(str(path), 2)


@pytest.mark.skipif(sys.platform == "win32", reason="the users' directories are looked up elsewhere there")
def test_an_empty_home_is_not_the_root_of_the_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    monkeypatch.setenv("HOME", "")
    assert user_home({"HOME": ""}) == pwd.getpwuid(os.getuid()).pw_dir
    monkeypatch.delenv("HOME")
    assert user_home({}) == pwd.getpwuid(os.getuid()).pw_dir
    assert user_home({"HOME": "/somewhere"}) == "/somewhere"

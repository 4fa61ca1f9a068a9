"""Stored TUF metadata that somebody exchanged: the offline checker believes what enough keys of the role signed."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from pycosign.codec.strict_json import load_json
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import MalformedError, SigningError
from pycosign.instances.refresh import refresh
from pycosign.instances.tuf_cache import CacheLocation
from pycosign.instances.tuf_check import (
    MetadataFiles,
    TufMetadataError,
    canonical_bytes,
    check_metadata,
    check_target,
)
from pycosign.net.http import HttpClient
from pycosign.stack.tuf.core import Target, TufKeys, build_repository
from tests.stack.services import chain_keys

ROLES = ("root", "timestamp", "snapshot", "targets")
CONTENT = b"trust these"
Signed = dict[str, Any]


class Repository:
    """Four roles with two keys each, of which both must sign; every part can be made wrong."""

    def __init__(self) -> None:
        self.keys = {role: [generate_signer("ed25519") for _ in range(2)] for role in ROLES}
        self.threshold = 2
        self.version = 3

    def key(self, signer: LocalSigner) -> Signed:
        return {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": signer.public_key.raw.hex()}}

    @staticmethod
    def keyid(signer: LocalSigner) -> str:
        return hashlib.sha256(signer.public_key.raw).hexdigest()

    def root(self) -> Signed:
        return {
            "_type": "root",
            "spec_version": "1.0.31",
            "version": self.version,
            "expires": "2030-01-01T00:00:00Z",
            "consistent_snapshot": True,
            "keys": {self.keyid(key): self.key(key) for keys in self.keys.values() for key in keys},
            "roles": {
                role: {"keyids": [self.keyid(key) for key in keys], "threshold": self.threshold}
                for role, keys in self.keys.items()
            },
        }

    def listing(self, role: str, child: str, raw: bytes, version: int = 1) -> Signed:
        return {
            "_type": role,
            "spec_version": "1.0.31",
            "version": 1,
            "expires": "2030-01-01T00:00:00Z",
            "meta": {
                child: {
                    "version": version,
                    "length": len(raw),
                    "hashes": {"sha256": hashlib.sha256(raw).hexdigest()},
                }
            },
        }

    def targets(self) -> Signed:
        return {
            "_type": "targets",
            "spec_version": "1.0.31",
            "version": 1,
            "expires": "2030-01-01T00:00:00Z",
            "targets": {
                "trusted_root.json": {
                    "length": len(CONTENT),
                    "hashes": {"sha256": hashlib.sha256(CONTENT).hexdigest()},
                }
            },
        }

    def sign(self, signed: Signed, keys: list[LocalSigner] | None = None) -> bytes:
        text = json.dumps(signed)
        message = canonical_bytes(load_json(text, what="signed", max_bytes=1 << 20))
        signers = self.keys[signed["_type"]] if keys is None else keys
        signatures = [{"keyid": self.keyid(key), "sig": key.sign(message).hex()} for key in signers]
        return json.dumps({"signatures": signatures, "signed": signed}).encode()

    def files(self, **changes: bytes) -> MetadataFiles:
        targets = changes.get("targets") or self.sign(self.targets())
        snapshot = changes.get("snapshot") or self.sign(self.listing("snapshot", "targets.json", targets))
        timestamp = changes.get("timestamp") or self.sign(self.listing("timestamp", "snapshot.json", snapshot))
        return MetadataFiles(changes.get("root") or self.sign(self.root()), timestamp, snapshot, targets)


@pytest.fixture(scope="module")
def repository() -> Repository:
    return Repository()


def test_metadata_that_fits_together_is_believed(repository: Repository) -> None:
    files = repository.files()
    checked = check_metadata(files, anchor=files.root)
    check_target(checked, "trusted_root.json", CONTENT)


# ---- thresholds ----------------------------------------------------------------------------------------------------
def resigned(repository: Repository, role: str, edit: Callable[[list[Signed]], list[Signed]]) -> MetadataFiles:
    """The files, with the signatures of one role edited; those above list what came out."""
    files = repository.files()
    document = json.loads(getattr(files, role))
    document["signatures"] = edit(document["signatures"])
    return repository.files(**{role: json.dumps(document).encode()})


SIGNATURES: dict[str, Callable[[list[Signed]], list[Signed]]] = {
    "none": lambda found: [],
    "one of two": lambda found: found[:1],
    "one of two, twice": lambda found: [found[0], found[0]],
    "one under both names": lambda found: [found[0], {"keyid": found[1]["keyid"], "sig": found[0]["sig"]}],
    "one under an unknown name": lambda found: [found[0], {"keyid": "0" * 64, "sig": found[1]["sig"]}],
    "one empty": lambda found: [found[0], {"keyid": found[1]["keyid"], "sig": ""}],
    "one not hexadecimal": lambda found: [found[0], {"keyid": found[1]["keyid"], "sig": "zz"}],
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SIGNATURES)
def test_fewer_good_signatures_than_the_threshold_are_refused(repository: Repository, role: str, name: str) -> None:
    files = resigned(repository, role, SIGNATURES[name])
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=None)


def test_one_key_under_two_names_counts_once(repository: Repository) -> None:
    (first, _), root = repository.keys["targets"], repository.root()
    root["keys"]["alias"] = repository.key(first)
    root["roles"]["targets"]["keyids"] = [repository.keyid(first), "alias"]
    targets = json.loads(repository.sign(repository.targets(), [first]))
    targets["signatures"].append({"keyid": "alias", "sig": targets["signatures"][0]["sig"]})
    files = repository.files(root=repository.sign(root), targets=json.dumps(targets).encode())
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=None)


@pytest.mark.parametrize("threshold", [0, -1, 2**70, True, 1.0, "1", None])
def test_a_threshold_that_means_nothing_is_malformed(repository: Repository, threshold: object) -> None:
    root = repository.root()
    root["roles"]["targets"]["threshold"] = threshold
    with pytest.raises(MalformedError):
        check_metadata(repository.files(root=repository.sign(root)), anchor=None)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_keys_of_another_role_do_not_count(repository: Repository, role: str) -> None:
    files = repository.files()
    signed = json.loads(getattr(files, role))["signed"]
    other = "snapshot" if role == "timestamp" else "timestamp"
    files = repository.files(**{role: repository.sign(signed, repository.keys[other])})
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=None)


# ---- keys and schemes ----------------------------------------------------------------------------------------------
def pss(hash_name: str, salt: int) -> Callable[[Any, bytes], bytes]:
    algorithm = getattr(hashes, hash_name.upper())()
    return lambda key, message: bytes(key.sign(message, padding.PSS(padding.MGF1(algorithm), salt), algorithm))


def pkcs1(hash_name: str) -> Callable[[Any, bytes], bytes]:
    return lambda key, message: bytes(key.sign(message, padding.PKCS1v15(), getattr(hashes, hash_name.upper())()))


def signed_by_another_kind(
    repository: Repository, kind: str, scheme: str, sign: Callable[[LocalSigner, bytes], bytes]
) -> MetadataFiles:
    """Targets signed by one key of this kind, which the root names with this scheme."""
    signer, root, targets = generate_signer(kind), repository.root(), repository.targets()
    public = {"public": signer.public_key.pem().decode()}
    root["keys"]["other"] = {"keytype": kind.partition("-")[0], "scheme": scheme, "keyval": public}
    root["roles"]["targets"] = {"keyids": ["other"], "threshold": 1}
    message = canonical_bytes(load_json(json.dumps(targets), what="signed", max_bytes=1 << 20))
    signatures = [{"keyid": "other", "sig": sign(signer, message).hex()}]
    raw = json.dumps({"signatures": signatures, "signed": targets}).encode()
    return repository.files(root=repository.sign(root), targets=raw)


RSA_SCHEMES = {
    "as python-tuf signs": ("rsassa-pss-sha256", pss("sha256", 32)),
    "as Go signs, with the longest salt": ("rsassa-pss-sha256", pss("sha256", 222)),
    "another hash": ("rsassa-pss-sha512", pss("sha512", 64)),
    "the older padding": ("rsa-pkcs1v15-sha256", pkcs1("sha256")),
}


@pytest.mark.parametrize("name", RSA_SCHEMES)
def test_what_python_tuf_takes_online_is_taken_offline(repository: Repository, name: str) -> None:
    scheme, sign = RSA_SCHEMES[name]
    files = signed_by_another_kind(repository, "rsa-2048", scheme, lambda signer, raw: sign(signer.library_key(), raw))
    check_metadata(files, anchor=None)


@pytest.mark.parametrize("kind", ["ecdsa-p384", "ecdsa-p521"])
def test_larger_curves_count_under_their_own_scheme_alone(repository: Repository, kind: str) -> None:
    own = f"ecdsa-sha2-nistp{kind[-3:]}"
    check_metadata(signed_by_another_kind(repository, kind, own, LocalSigner.sign), anchor=None)
    for scheme in ("ecdsa-sha2-nistp256", "ed25519", "rsassa-pss-sha256", "unknown"):
        with pytest.raises(TufMetadataError):
            check_metadata(signed_by_another_kind(repository, kind, scheme, LocalSigner.sign), anchor=None)


@pytest.mark.parametrize(
    "scheme", ["rsa-pkcs1v15-sha256", "rsassa-pss-sha512", "rsassa-pss-md5", "pss-sha256", "ed25519"]
)
def test_a_signature_in_another_scheme_than_the_root_names_does_not_count(repository: Repository, scheme: str) -> None:
    sign = pss("sha256", 32)
    files = signed_by_another_kind(repository, "rsa-2048", scheme, lambda signer, raw: sign(signer.library_key(), raw))
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=None)


def test_a_key_without_a_public_half_takes_nothing_away_from_the_others(repository: Repository) -> None:
    """An identity of Sigstore's may be among a role's keys."""
    root, targets = repository.root(), json.loads(repository.sign(repository.targets()))
    identity = {"identity": "a@example.com", "issuer": "https://example.com"}
    root["keys"]["person"] = {"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": identity}
    root["roles"]["targets"]["keyids"].insert(0, "person")
    targets["signatures"].insert(0, {"keyid": "person", "sig": "00"})
    files = repository.files(root=repository.sign(root), targets=json.dumps(targets).encode())
    check_metadata(files, anchor=None)


# ---- roots ---------------------------------------------------------------------------------------------------------
def test_a_root_of_other_keys_is_refused_under_the_anchor(repository: Repository) -> None:
    attacker = Repository()
    with pytest.raises(TufMetadataError):
        check_metadata(attacker.files(), anchor=repository.sign(repository.root()))


def test_an_older_root_than_the_anchor_is_refused(repository: Repository) -> None:
    older = repository.root() | {"version": 2}
    with pytest.raises(TufMetadataError):
        check_metadata(repository.files(root=repository.sign(older)), anchor=repository.sign(repository.root()))


def test_a_rotated_root_needs_the_old_keys_and_its_own(repository: Repository) -> None:
    rotated = Repository()
    rotated.version = 4
    rotated.keys = rotated.keys | {role: repository.keys[role] for role in ROLES[1:]}
    anchor = repository.sign(repository.root())
    old, new = repository.keys["root"], rotated.keys["root"]
    good = repository.files(root=rotated.sign(rotated.root(), old + new))
    assert check_metadata(good, anchor=anchor).root_version == 4
    for signers in (old, new, [old[0], *new], [*old, new[0]]):
        with pytest.raises(TufMetadataError):
            check_metadata(repository.files(root=rotated.sign(rotated.root(), signers)), anchor=anchor)


# ---- files ---------------------------------------------------------------------------------------------------------
def test_another_version_of_a_listed_file_is_refused(repository: Repository) -> None:
    targets = repository.sign(repository.targets())
    for version in (0, 2, 2**63):
        snapshot = repository.sign(repository.listing("snapshot", "targets.json", targets, version))
        with pytest.raises(SigningError):
            check_metadata(repository.files(targets=targets, snapshot=snapshot), anchor=None)


def test_an_older_targets_file_beside_a_newer_snapshot_is_refused(repository: Repository) -> None:
    files = repository.files()
    older = repository.sign(repository.targets() | {"expires": "2029-01-01T00:00:00Z"})
    with pytest.raises(TufMetadataError):
        check_metadata(files._replace(targets=older), anchor=None)


def test_a_file_in_place_of_another_role_s_is_malformed(repository: Repository) -> None:
    files = repository.files()
    for swapped in (
        files._replace(targets=files.snapshot),
        files._replace(snapshot=files.targets),
        files._replace(timestamp=files.snapshot),
        files._replace(root=files.targets),
    ):
        with pytest.raises(MalformedError):
            check_metadata(swapped, anchor=None)


@pytest.mark.parametrize(
    "edit",
    [
        (b'"version": 1', b'"version": 1, "version": 9'),
        (b'"version": 1', b'"version": 1.0'),
        (b'"version": 1', b'"version": true'),
        (b'"targets": {', b'"targets": {"trusted_root.json": {"length": 1, "hashes": {}}, '),
        (b'"signed"', b'"signed": {}, "signed"'),
    ],
)
def test_json_that_readers_disagree_about_is_malformed(repository: Repository, edit: tuple[bytes, bytes]) -> None:
    files = repository.files()
    raw = files.targets.replace(*edit, 1)
    assert raw != files.targets
    snapshot = repository.sign(repository.listing("snapshot", "targets.json", raw))
    with pytest.raises(MalformedError):
        check_metadata(repository.files(targets=raw, snapshot=snapshot), anchor=None)


@pytest.mark.parametrize(
    "hashes",
    [{}, {"md5": "0" * 32}, {"sha256": "0" * 64}, {"sha256": hashlib.sha256(CONTENT).hexdigest(), "sha512": "0" * 128}],
)
def test_a_target_without_a_good_hash_is_refused(repository: Repository, hashes: dict[str, str]) -> None:
    targets = repository.targets()
    targets["targets"]["trusted_root.json"]["hashes"] = hashes
    checked = check_metadata(repository.files(targets=repository.sign(targets)), anchor=None)
    with pytest.raises(SigningError):
        check_target(checked, "trusted_root.json", CONTENT)


@pytest.mark.parametrize("name", ["../trusted_root.json", "TRUSTED_ROOT.JSON", "trusted_root.json\0", ""])
def test_a_target_under_another_name_is_refused(repository: Repository, name: str) -> None:
    checked = check_metadata(repository.files(), anchor=None)
    with pytest.raises(TufMetadataError):
        check_target(checked, name, CONTENT)


# ---- several rotations since the anchor ----------------------------------------------------------------------------
def rotated(repository: Repository, signers: list[LocalSigner]) -> tuple[list[LocalSigner], bytes]:
    """The next root, with new root keys, signed by them and by `signers`."""
    repository.version += 1
    repository.keys["root"] = [generate_signer("ed25519") for _ in range(2)]
    return repository.keys["root"], repository.sign(repository.root(), [*signers, *repository.keys["root"]])


def test_rotations_are_followed_from_the_anchor_to_the_stored_root() -> None:
    repository = Repository()
    anchor, first = repository.sign(repository.root()), repository.keys["root"]
    second, between = rotated(repository, first)
    _, newest = rotated(repository, second)
    files = repository.files(root=newest)
    checked = check_metadata(files, anchor=anchor, history={"4.root.json": between})
    assert checked.root_version == 5
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=anchor)


def test_a_rotation_that_the_keys_before_did_not_sign_is_refused() -> None:
    repository = Repository()
    anchor = repository.sign(repository.root())
    second, between = rotated(repository, [])
    _, newest = rotated(repository, second)
    with pytest.raises(TufMetadataError):
        check_metadata(repository.files(root=newest), anchor=anchor, history={"4.root.json": between})


def test_a_root_under_another_versions_name_is_refused() -> None:
    repository = Repository()
    anchor, first = repository.sign(repository.root()), repository.keys["root"]
    second, between = rotated(repository, first)
    _, newest = rotated(repository, second)
    files = repository.files(root=newest)
    with pytest.raises(TufMetadataError):
        check_metadata(files, anchor=anchor, history={"4.root.json": newest})
    assert check_metadata(files, anchor=anchor, history={"4.root.json": between, "9.root.json": b"unused"})


NAMES = ("../../evil", "/etc/evil", "a/../../../evil", "..\\evil", "%2e%2e/evil", "trusted_root.json/../../evil")


@pytest.mark.parametrize("name", NAMES)
def test_a_targets_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    """CVE-2026-24137: a name that the repository chose was joined to the cache's directory."""
    from pycosign.ambient import utc_now

    now = utc_now()  # python-tuf reads the clock itself
    targets = {name: Target(b"evil"), "trusted_root.json": Target(b"{}"), "signing_config.v0.2.json": Target(b"{}")}
    made = build_repository(targets, TufKeys(*chain_keys()), now=now)
    for path, content in made.items():
        if "evil" not in path:
            (tmp_path / "mirror" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "mirror" / path).write_bytes(content)
    location = CacheLocation(str(tmp_path / "cache"), f"file://{tmp_path}/mirror")
    with HttpClient() as http:
        refreshed = refresh(location, http=http, now=now, anchor=made["root.json"])
    assert refreshed.stored
    assert sorted(refreshed.targets) == ["signing_config.v0.2.json", "trusted_root.json"]
    stored = [path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "mirror" not in path.parents]
    assert stored
    assert [path for path in stored if tmp_path / "cache" not in path.parents or "evil" in path.name] == []

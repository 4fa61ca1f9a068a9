"""The registry as other clients see it: OCI distribution specification 1.1, over real sockets."""

import json
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from pycosign.errors import UsageError
from pycosign.net.deadline import Deadline
from pycosign.net.http import HttpClient
from pycosign.net.proxies import ProxySettings
from pycosign.oci.client import RegistryClient
from pycosign.stack.registry import build_registry_app
from pycosign.stack.registry.http import RegistryOptions
from tests.stack.registry_client import OCI_MANIFEST, Client, digest_of, error_code
from tests.stack.registry_server import serving

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
CRANE = Path.home() / ".cache/sigstore-peers/bin/crane"


def test_it_says_that_it_is_a_registry(ask: Client) -> None:
    response = ask("GET", "/v2/")
    assert response.status == 200
    assert response.headers["Docker-Distribution-API-Version"] == "registry/2.0"


def test_a_manifest_is_served_byte_for_byte_with_its_type(ask: Client, name: str) -> None:
    raw = ask.manifest(name, custom={"kept": "as it is"})
    put = ask("PUT", f"/v2/{name}/manifests/v1", raw, {"Content-Type": OCI_MANIFEST})
    assert put.status == 201
    digest = digest_of(raw)
    assert put.headers["Docker-Content-Digest"] == digest
    assert put.headers["Location"].endswith(f"/v2/{name}/manifests/{digest}")
    for reference in ("v1", digest):
        got = ask("GET", f"/v2/{name}/manifests/{reference}", headers={"Accept": "application/json"})
        assert (got.status, got.body, got.headers["Content-Type"]) == (200, raw, OCI_MANIFEST)
        head = ask("HEAD", f"/v2/{name}/manifests/{reference}")
        assert head.headers["Content-Length"] == str(len(raw))
        assert head.headers["Docker-Content-Digest"] == digest


def test_a_manifest_of_four_mebibytes_is_taken(ask: Client, name: str) -> None:
    annotations = {f"org.example.{number}": "x" * 10_000 for number in range(390)}
    assert ask.image(name, "large", annotations=annotations).status == 201


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"schemaVersion": 1}, 400, "MANIFEST_INVALID"),
        ({"mediaType": OCI_INDEX}, 400, "MANIFEST_INVALID"),
        ({"config": {"digest": "sha256:x"}}, 400, "MANIFEST_INVALID"),
        ({"layers": 5}, 400, "MANIFEST_INVALID"),
        ({"annotations": {"a": 1}}, 400, "MANIFEST_INVALID"),
        ({"subject": "x"}, 400, "MANIFEST_INVALID"),
        (
            {"layers": [{"mediaType": "x/y", "digest": digest_of(b"never sent"), "size": 10}]},
            404,
            "MANIFEST_BLOB_UNKNOWN",
        ),
    ],
)
def test_a_manifest_that_is_none_is_refused(
    ask: Client, name: str, change: dict[str, Any], status: int, code: str
) -> None:
    response = ask.image(name, "v1", **change)
    assert (response.status, error_code(response)) == (status, code)
    assert ask("HEAD", f"/v2/{name}/manifests/v1").status == 404


def test_a_referrer_may_come_before_its_blobs_as_cosign_load_sends_it(ask: Client, name: str) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"some image"), "size": 10}
    layers = [{"mediaType": "x/y", "digest": digest_of(b"comes later"), "size": 11}]
    assert ask.image(name, "v1", subject=subject, layers=layers).status == 201


def test_layers_that_are_kept_elsewhere_need_not_be_here(ask: Client, name: str) -> None:
    layer = {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "digest": digest_of(b"elsewhere"),
        "size": 9,
    }
    assert ask.image(name, "v1", layers=[layer]).status == 201


def test_a_manifest_under_another_digest_is_refused(ask: Client, name: str) -> None:
    response = ask.image(name, digest_of(b"other"))
    assert (response.status, error_code(response)) == (400, "DIGEST_INVALID")


def test_an_index_whose_children_are_missing_is_taken(ask: Client, name: str) -> None:
    child = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"later"), "size": 5}
    raw = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}).encode()
    assert ask("PUT", f"/v2/{name}/manifests/multi", raw, {"Content-Type": OCI_INDEX}).status == 201


def test_several_tags_in_one_put(ask: Client, name: str) -> None:
    raw = ask.manifest(name)
    url = f"/v2/{name}/manifests/{digest_of(raw)}?tag=a&tag=b"
    response = ask("PUT", url, raw, {"Content-Type": OCI_MANIFEST})
    assert (response.status, response.headers["OCI-Tag"]) == (201, "a, b")
    assert json.loads(ask("GET", f"/v2/{name}/tags/list").body)["tags"] == ["a", "b"]


def test_a_tag_goes_first_and_then_the_manifest(ask: Client, name: str) -> None:
    digest = ask.image(name, "v1").headers["Docker-Content-Digest"]
    assert ask("DELETE", f"/v2/{name}/manifests/v1").status == 202
    assert ask("HEAD", f"/v2/{name}/manifests/v1").status == 404
    assert ask("HEAD", f"/v2/{name}/manifests/{digest}").status == 200
    assert ask("DELETE", f"/v2/{name}/manifests/{digest}").status == 202
    assert ask("HEAD", f"/v2/{name}/manifests/{digest}").status == 404
    assert error_code(ask("DELETE", f"/v2/{name}/manifests/{digest}")) == "MANIFEST_UNKNOWN"


def test_an_index_is_rewritten_only_if_nobody_else_did(ask: Client, name: str) -> None:
    first = ask.image(name, "v1", b"one").headers["Docker-Content-Digest"]
    etag = ask("HEAD", f"/v2/{name}/manifests/v1").headers["ETag"]
    assert etag == f'"{first}"'
    raw = ask.manifest(name, b"two")
    headers = {"Content-Type": OCI_MANIFEST, "If-Match": etag}
    assert ask("PUT", f"/v2/{name}/manifests/v1", raw, headers).status == 201
    assert ask("PUT", f"/v2/{name}/manifests/v1", ask.manifest(name, b"3"), headers).status == 412
    only_new = {"Content-Type": OCI_MANIFEST, "If-None-Match": "*"}
    assert ask("PUT", f"/v2/{name}/manifests/v1", raw, only_new).status == 412


def test_tags_are_sorted_and_paged(ask: Client, name: str) -> None:
    for tag in ("c", "a", "d", "b"):
        ask.image(name, tag)
    first = ask("GET", f"/v2/{name}/tags/list?n=2")
    assert json.loads(first.body) == {"name": name, "tags": ["a", "b"]}
    link = first.headers["Link"]
    assert link.endswith('; rel="next"')
    second = ask("GET", link[1 : link.index(">")])
    assert json.loads(second.body)["tags"] == ["c", "d"]
    assert "Link" not in second.headers
    assert json.loads(ask("GET", f"/v2/{name}/tags/list?n=0").body)["tags"] == []
    assert json.loads(ask("GET", f"/v2/{name}/tags/list?last=b").body)["tags"] == ["c", "d"]
    assert ask("GET", f"/v2/{name}/tags/list?n=x").status == 400
    assert error_code(ask("GET", f"/v2/{name}-never/tags/list")) == "NAME_UNKNOWN"
    assert name in json.loads(ask("GET", "/v2/_catalog").body)["repositories"]


def test_referrers_are_listed_filtered_and_vanish_with_their_manifest(ask: Client, name: str) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"not pushed yet"), "size": 14}
    path = f"/v2/{name}/referrers/{subject['digest']}"
    empty = ask("GET", path)
    assert empty.status == 200
    assert empty.headers["Content-Type"] == OCI_INDEX  # exactly: ggcr compares strings
    assert json.loads(empty.body) == {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    typed = ask.image(name, "a", b"1", subject=subject, artifactType="x/sbom", annotations={"k": "v"})
    assert typed.headers["OCI-Subject"] == subject["digest"]
    untyped = ask.image(name, "b", b"2", subject=subject)
    listed = json.loads(ask("GET", path).body)["manifests"]
    by_digest = {entry["digest"]: entry for entry in listed}
    assert len(by_digest) == 2
    first = by_digest[typed.headers["Docker-Content-Digest"]]
    assert first["artifactType"] == "x/sbom"
    assert first["annotations"] == {"k": "v"}
    assert by_digest[untyped.headers["Docker-Content-Digest"]]["artifactType"] == "application/vnd.example.config+json"
    filtered = ask("GET", f"{path}?artifactType=x/sbom")
    assert filtered.headers["OCI-Filters-Applied"] == "artifactType"
    assert [entry["digest"] for entry in json.loads(filtered.body)["manifests"]] == [first["digest"]]
    ask("DELETE", f"/v2/{name}/manifests/{first['digest']}")
    assert len(json.loads(ask("GET", path).body)["manifests"]) == 1
    assert ask("GET", f"/v2/{name}/referrers/sha256:short").status == 400


def test_pages_of_referrers(tmp_path: Path) -> None:
    with serving(build_registry_app(str(tmp_path), RegistryOptions(referrers_page=2))) as host:
        ask = Client(host)
        subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"s"), "size": 1}
        for number in range(5):
            ask.image("app", f"t{number}", str(number).encode(), subject=subject)
        client = RegistryClient(HttpClient(Deadline.after(10), proxies=ProxySettings(None, None)))
        assert len(client.referrers(f"{host}/app", str(subject["digest"]))) == 5


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/UPPER/tags/list", 400, "NAME_INVALID"),
        ("GET", "/v2/a..b/tags/list", 400, "NAME_INVALID"),
        ("GET", "/v2/app/blobs/sha256:xyz", 400, "DIGEST_INVALID"),
        ("GET", "/v2/app/blobs/md5:00", 400, "DIGEST_INVALID"),
        ("GET", f"/v2/app/blobs/{digest_of(b'?')}", 404, "BLOB_UNKNOWN"),
        ("GET", "/v2/app/manifests/never", 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/app/manifests/.invalid", 404, "MANIFEST_UNKNOWN"),
        ("PUT", "/v2/app/manifests/.invalid", 400, "MANIFEST_UNKNOWN"),
        ("PUT", f"/v2/app/blobs/{digest_of(b'?')}", 405, "UNSUPPORTED"),
        ("GET", "/v3/", 404, "NOT_FOUND"),
        ("GET", "/v2/app/unknown/thing", 404, "NOT_FOUND"),
        ("PATCH", "/v2/app/blobs/uploads/0123", 404, "BLOB_UPLOAD_UNKNOWN"),
    ],
)
def test_errors_have_the_specifications_form(ask: Client, method: str, path: str, status: int, code: str) -> None:
    response = ask(method, path)
    assert (response.status, error_code(response)) == (status, code)


def test_basic_credentials_can_be_demanded(tmp_path: Path) -> None:
    with serving(build_registry_app(str(tmp_path), RegistryOptions(credentials=("a", "b")))) as host:
        ask = Client(host)
        refused = ask("GET", "/v2/")
        assert (refused.status, error_code(refused)) == (401, "UNAUTHORIZED")
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
        assert ask("GET", "/v2/", headers={"Authorization": "Basic YTpi"}).status == 200
        assert ask("GET", "/v2/", headers={"Authorization": "Basic %%%"}).status == 401


def test_bounds_hold(tmp_path: Path) -> None:
    with serving(build_registry_app(str(tmp_path), RegistryOptions(max_blob_bytes=10, max_sessions=1))) as host:
        ask = Client(host)
        location = ask("POST", "/v2/app/blobs/uploads/").headers["Location"]
        assert ask("PATCH", location, b"x" * 11).status == 413
        assert error_code(ask("POST", "/v2/app/blobs/uploads/")) == "TOOMANYREQUESTS"
        assert ask("PUT", "/v2/app/manifests/v1", b" " * ((8 << 20) + 1), {"Content-Type": OCI_MANIFEST}).status == 413


def test_everything_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    with serving(build_registry_app(str(tmp_path))) as host:
        ask = Client(host)
        subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(b"s"), "size": 1}
        digest = ask.image("app", "v1", subject=subject).headers["Docker-Content-Digest"]
        unfinished = ask("POST", "/v2/app/blobs/uploads/").headers["Location"]
    with serving(build_registry_app(str(tmp_path))) as host:
        ask = Client(host)
        assert ask("HEAD", "/v2/app/manifests/v1").headers["Docker-Content-Digest"] == digest
        assert ask("GET", f"/v2/app/blobs/{digest_of(b'layer')}").body == b"layer"
        assert len(json.loads(ask("GET", f"/v2/app/referrers/{subject['digest']}").body)["manifests"]) == 1
        assert ask("GET", unfinished).status == 404
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_directory_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text('{"format": 99}')
    with pytest.raises(UsageError, match="another format"):
        build_registry_app(str(tmp_path))


def test_writers_of_one_tag_take_turns_and_of_many_lose_nothing(ask: Client, name: str, host: str) -> None:
    def push(number: int) -> None:
        Client(host).image(name, f"t{number % 4}", str(number).encode())

    threads = [threading.Thread(target=push, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert json.loads(ask("GET", f"/v2/{name}/tags/list").body)["tags"] == ["t0", "t1", "t2", "t3"]
    for tag in ("t0", "t1", "t2", "t3"):
        got = ask("GET", f"/v2/{name}/manifests/{tag}")
        assert digest_of(got.body) == got.headers["Docker-Content-Digest"]


@pytest.mark.peer
def test_crane_pushes_lists_copies_pulls_and_deletes(host: str, tmp_path: Path) -> None:
    if not CRANE.exists():
        pytest.skip(f"{CRANE} is not there")
    if shutil.which("tar") is None:
        pytest.skip("tar is not there")

    def crane(*arguments: str) -> str:
        done = subprocess.run([str(CRANE), *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    (tmp_path / "file").write_text("hello")
    subprocess.run(["tar", "czf", str(tmp_path / "layer.tgz"), "-C", str(tmp_path), "file"], check=True)
    image = f"{host}/crane/app:v1"
    crane("append", "-f", str(tmp_path / "layer.tgz"), "-t", image)
    digest = crane("digest", image)
    crane("validate", "--remote", image)
    crane("pull", image, str(tmp_path / "image.tar"))
    crane("push", str(tmp_path / "image.tar"), f"{host}/crane/again:v1")
    crane("copy", image, f"{host}/crane/copy:v2")
    assert crane("digest", f"{host}/crane/copy:v2") == digest
    crane("tag", image, "latest")
    assert crane("ls", f"{host}/crane/app").split() == ["latest", "v1"]
    assert "crane/copy" in crane("catalog", host)
    crane("delete", f"{host}/crane/app@{digest}")
    assert subprocess.run([str(CRANE), "digest", image], capture_output=True, check=False).returncode != 0

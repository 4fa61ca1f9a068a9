"""The registry's blobs: uploads whole, streamed and in chunks, mounts and ranges."""

import os

import pytest

from tests.stack.registry_client import Client, digest_of, error_code


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_in_one_put(ask: Client, name: str, algorithm: str) -> None:
    content = os.urandom(1000)
    digest = ask.upload(name, content, algorithm)
    response = ask("GET", f"/v2/{name}/blobs/{digest}")
    assert (response.status, response.body) == (200, content)
    head = ask("HEAD", f"/v2/{name}/blobs/{digest}")
    assert (head.status, head.headers["Content-Length"], head.headers["Docker-Content-Digest"]) == (200, "1000", digest)


def test_a_blob_in_one_post(ask: Client, name: str) -> None:
    response = ask("POST", f"/v2/{name}/blobs/uploads/?digest={digest_of(b'abc')}", b"abc")
    assert response.status == 201
    assert ask("GET", response.headers["Location"]).body == b"abc"


def test_a_blob_streamed_without_content_range(ask: Client, name: str) -> None:
    begun = ask("POST", f"/v2/{name}/blobs/uploads/")
    assert (begun.status, begun.headers["Range"]) == (202, "0-0")
    content = os.urandom(3 << 20)
    patched = ask("PATCH", begun.headers["Location"], content)
    assert (patched.status, patched.headers["Range"]) == (202, f"0-{len(content) - 1}")
    assert ask("PUT", f"{patched.headers['Location']}?digest={digest_of(content)}").status == 201
    assert ask("GET", f"/v2/{name}/blobs/{digest_of(content)}").body == content


def test_chunks_must_come_in_order_and_an_upload_can_be_resumed(ask: Client, name: str) -> None:
    location = ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    assert ask("PATCH", location, b"abc", {"Content-Range": "0-2"}).status == 202
    out_of_order = ask("PATCH", location, b"xyz", {"Content-Range": "6-8"})
    assert out_of_order.status == 416
    progress = ask("GET", location)
    assert (progress.status, progress.headers["Range"], progress.headers["Location"]) == (204, "0-2", location)
    assert ask("PATCH", location, b"def", {"Content-Range": "3-5"}).status == 202
    assert ask("PUT", f"{location}?digest={digest_of(b'abcdefgh')}", b"gh").status == 201
    assert ask("GET", location).status == 404


def test_a_chunk_that_is_not_as_long_as_it_says_is_refused(ask: Client, name: str) -> None:
    location = ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    assert error_code(ask("PATCH", location, b"abc", {"Content-Range": "0-9"})) == "SIZE_INVALID"
    assert ask("PATCH", location, b"abc", {"Content-Range": "nonsense"}).status == 416


def test_a_wrong_digest_stores_nothing_and_ends_the_upload(ask: Client, name: str) -> None:
    location = ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    wrong = digest_of(b"something else")
    response = ask("PUT", f"{location}?digest={wrong}", b"abc")
    assert (response.status, error_code(response)) == (400, "DIGEST_INVALID")
    assert ask("HEAD", f"/v2/{name}/blobs/{wrong}").status == 404
    assert ask("GET", location).status == 404
    assert ask("PUT", f"{location}?digest=sha256:xyz").status == 404


def test_an_upload_can_be_given_up(ask: Client, name: str) -> None:
    location = ask("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
    assert ask("DELETE", location).status == 204
    assert error_code(ask("GET", location)) == "BLOB_UPLOAD_UNKNOWN"


def test_blobs_are_mounted_from_a_repository_that_has_them(ask: Client, name: str) -> None:
    digest = ask.upload(name, b"shared")
    mounted = ask("POST", f"/v2/{name}-b/blobs/uploads/?mount={digest}&from={name}")
    assert (mounted.status, mounted.headers["Location"]) == (201, f"/v2/{name}-b/blobs/{digest}")
    assert ask("POST", f"/v2/{name}-c/blobs/uploads/?mount={digest}").status == 201
    assert ask("POST", f"/v2/{name}-d/blobs/uploads/?mount={digest}&from={name}-never").status == 202
    assert ask("HEAD", f"/v2/{name}-d/blobs/{digest}").status == 404


def test_a_blob_belongs_to_its_repository_until_it_is_deleted(ask: Client, name: str) -> None:
    digest = ask.upload(name, b"to be deleted")
    ask("POST", f"/v2/{name}-b/blobs/uploads/?mount={digest}&from={name}")
    assert ask("DELETE", f"/v2/{name}/blobs/{digest}").status == 202
    assert ask("HEAD", f"/v2/{name}/blobs/{digest}").status == 404
    assert ask("GET", f"/v2/{name}-b/blobs/{digest}").body == b"to be deleted"
    assert ask("DELETE", f"/v2/{name}/blobs/{digest}").status == 404


def test_the_empty_blob_is_a_blob(ask: Client, name: str) -> None:
    digest = ask.upload(name, b"")
    assert ask("GET", f"/v2/{name}/blobs/{digest}").body == b""


@pytest.mark.parametrize(
    ("header", "status", "body"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=0-99", 206, b"0123456789"),
        ("bytes=10-", 416, None),
        ("bytes=0-1,3-4", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges(ask: Client, name: str, header: str, status: int, body: bytes | None) -> None:
    digest = ask.upload(name, b"0123456789")
    response = ask("GET", f"/v2/{name}/blobs/{digest}", headers={"Range": header})
    assert response.status == status
    assert body is None or response.body == body

"""Image references, as go-containerregistry reads them; the accepted cases are those of its pkg/name tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.wire.reference import Reference, check_digest, is_digest, parse_reference
from tests.wire.strategies import digests

DIGEST = "sha256:" + "a" * 64
parts = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-+)[a-z0-9]{1,5}){0,2}", fullmatch=True)
repositories = st.lists(parts, min_size=1, max_size=3).map("/".join).filter(lambda text: len(text) > 1)
registries = st.one_of(
    st.just("localhost"),
    st.from_regex(r"[a-z0-9]{1,5}\.[a-z]{2,5}", fullmatch=True),
    st.builds("{}:{}".format, st.from_regex(r"[a-z0-9_]{1,5}", fullmatch=True), st.integers(1, 65535)),
    st.sampled_from(["[::1]:5000", "[2001:db8::1]"]),
)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
references = st.builds(Reference, registries, repositories, st.none() | tags, st.none() | digests)


@given(references)
def test_the_name_reads_back(reference: Reference) -> None:
    name = reference.name
    read = parse_reference(name, default_tag=None)
    assert read.name == name
    assert read == (reference if reference.digest is None else reference._replace(tag=None))


@given(
    st.one_of(st.text(), st.text("abAB09.:/@_-[]", max_size=30), st.text("ab:/", max_size=6).map("localhost/".__add__))
)
def test_what_we_accept_reads_the_same_by_its_name(text: str) -> None:
    try:
        reference = parse_reference(text)
    except MalformedError:
        return
    assert parse_reference(reference.name).name == reference.name
    assert ".." not in reference.repository.split("/")
    assert "//" not in reference.context


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("alpine", "index.docker.io/library/alpine:latest"),
        ("alpine:3.20", "index.docker.io/library/alpine:3.20"),
        ("library/alpine", "index.docker.io/library/alpine:latest"),
        ("user/app", "index.docker.io/user/app:latest"),
        ("docker.io/alpine", "index.docker.io/library/alpine:latest"),
        ("docker.io/user/app:x", "index.docker.io/user/app:x"),
        ("index.docker.io/alpine", "index.docker.io/library/alpine:latest"),
        ("gcr.io/project/app", "gcr.io/project/app:latest"),
        ("gcr.io/app", "gcr.io/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000", "index.docker.io/library/localhost:5000"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("registry:5000/app:v1", "registry:5000/app:v1"),
        ("127.0.0.1:1338/a/b/c:V_1.2-3", "127.0.0.1:1338/a/b/c:V_1.2-3"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        (f"alpine@{DIGEST}", f"index.docker.io/library/alpine@{DIGEST}"),
        (f"gcr.io/project/app:tag@{DIGEST}", f"gcr.io/project/app@{DIGEST}"),
        (f"localhost:5000/app@{DIGEST}", f"localhost:5000/app@{DIGEST}"),
        ("sha256/app", "index.docker.io/sha256/app:latest"),
    ],
)
def test_references_are_completed_as_go_containerregistry_does(text: str, name: str) -> None:
    assert parse_reference(text).name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        ":tag",
        "app:",
        "Upper/case",
        "gcr.io/Upper",
        "gcr.io/",
        "gcr.io//app",
        "gcr.io/app/",
        "gcr.io/../app",
        "gcr.io/a/../../v2/app",
        "gcr.io/.app",
        "gcr.io/app?x=y",
        "gcr.io/app#x",
        "gcr.io/app%2f",
        "https://gcr.io/app",
        "user@gcr.io/app",
        "user:password@gcr.io/app",
        "gcr.io:port/app",
        "gcr.io:123456/app",
        "-gcr.io/app",
        "app:-tag",
        "app:" + "a" * 129,
        "app:tag\n",
        "app name",
        "äpp",
        "a" * 256,
        f"app@{DIGEST}0",
        "app@",
        "app@latest",
        "app@sha256:" + "A" * 64,
        f"app@{DIGEST}@{DIGEST}",
        "app@md5:" + "a" * 32,
    ],
)
def test_what_could_mean_something_else_in_a_url_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="image reference"):
        parse_reference(text)


@pytest.mark.parametrize(
    "registry", ["127.0.0.1:99999", "127.0.0.1:65536", "registry.example:0", "[1.2]", "[1.2.3.4]:5", "[:::::]:1"]
)
def test_a_registry_is_an_address_that_can_be_asked(registry: str) -> None:
    with pytest.raises(MalformedError, match="is not a host with an optional port"):
        parse_reference(f"{registry}/app")


def test_parts_of_a_reference() -> None:
    reference = parse_reference(f"localhost:5000/a/b:tag@{DIGEST}")
    assert reference == Reference("localhost:5000", "a/b", "tag", DIGEST)
    assert (reference.context, reference.identifier) == ("localhost:5000/a/b", DIGEST)
    assert reference.with_tag("x").name == "localhost:5000/a/b:x"
    assert reference.with_digest(DIGEST) == Reference("localhost:5000", "a/b", None, DIGEST)
    bare = parse_reference("alpine", default_tag=None)
    assert (bare.tag, bare.identifier, bare.name) == (None, "", "index.docker.io/library/alpine")


@pytest.mark.parametrize("digest", [DIGEST, "sha384:" + "0" * 96, "sha512:" + "f" * 128])
def test_digests_of_three_algorithms_are_known(digest: str) -> None:
    assert is_digest(digest)
    assert check_digest(digest, what="x") == digest
    for other in (digest[:-1], digest + "0", digest.upper(), digest + "\n", " " + digest):
        assert not is_digest(other)
        with pytest.raises(MalformedError, match=r"^x is not a digest"):
            check_digest(other, what="x")

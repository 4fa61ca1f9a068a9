"""PEM blocks, as openssl and Go write them."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.pem import PemBlock, format_pem, parse_pem
from pycosign.errors import MalformedError
from tests.recordings import recorded_file

BLOCK = format_pem("CERTIFICATE", bytes(range(100)))
labels = st.lists(st.text("ABCXYZ019", min_size=1, max_size=6), min_size=1, max_size=3).map(" ".join)


@given(st.lists(st.builds(PemBlock, labels, st.binary(min_size=1, max_size=200)), min_size=1, max_size=3))
def test_what_we_write_we_read_back(blocks: list[PemBlock]) -> None:
    text = b"".join(format_pem(block.label, block.der) for block in blocks)
    assert parse_pem(text, what="file") == tuple(blocks)
    assert parse_pem(text.replace(b"\n", b"\r\n"), what="file") == tuple(blocks)
    assert all(len(line) <= 64 for line in text.splitlines() if not line.startswith(b"-"))


@given(
    st.one_of(
        st.binary(),
        st.lists(
            st.sampled_from(
                ["-----BEGIN A-----", "-----END A-----", "-----END B-----", "QUI=", "QU", "I=", "", "a: b", "-----"]
            )
        ).map(lambda lines: "\n".join(lines).encode()),
    )
)
def test_what_we_accept_reads_the_same_when_written_again(data: bytes) -> None:
    try:
        blocks = parse_pem(data, what="file")
    except MalformedError:
        return
    assert blocks
    assert parse_pem(b"".join(format_pem(*block) for block in blocks), what="file") == blocks


def test_text_around_blocks_and_long_lines_are_accepted() -> None:
    body = b"".join(BLOCK.splitlines()[1:-1])
    text = b"subject=CN = x\n\n-----BEGIN CERTIFICATE-----  \n" + body + b"\t\r\n-----END CERTIFICATE-----\nbye"
    assert parse_pem(text, what="file") == parse_pem(BLOCK, what="file")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_text_around_blocks_has_any_encoding(encoding: str) -> None:
    text = "subject=O = Müller & Söhne, C = CH\n".encode(encoding)
    assert parse_pem(text + BLOCK + text, what="file") == parse_pem(BLOCK, what="file")
    with pytest.raises(MalformedError):
        parse_pem(BLOCK.replace(b"AAEC", "AAéC".encode(encoding)), what="file")


def test_a_recorded_key_is_written_again_byte_for_byte() -> None:
    recorded = recorded_file("file-ctlog.pub")
    (block,) = parse_pem(recorded, what="key")
    assert format_pem(*block) == recorded


def test_openssl_reads_what_we_write() -> None:
    try:
        run = subprocess.run(["openssl", "asn1parse"], input=format_pem("X", b"\x02\x01\x05"), capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert b"INTEGER" in run.stdout


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"just text\n",
        b"\xff",
        BLOCK.replace(b"-----END CERTIFICATE-----\n", b""),
        BLOCK.replace(b"END CERTIFICATE", b"END CERTIFICATES"),
        BLOCK.replace(b"CERTIFICATE", b"certificate"),
        BLOCK.replace(b"BEGIN", b" BEGIN"),
        b"x" + BLOCK,
        BLOCK.replace(b"\n", b"\n\n", 2),
        BLOCK.replace(b"CERTIFICATE-----\n", b"CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n", 1),
        BLOCK.replace(b"AAEC", b"AA*C"),
        BLOCK.replace(b"Yw==", b"Yx=="),
        BLOCK + b"-----END CERTIFICATE-----\n",
        b"-----BEGIN X-----\n-----END X-----\n",
    ],
)
def test_what_is_not_a_whole_block_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_pem(text, what="file")

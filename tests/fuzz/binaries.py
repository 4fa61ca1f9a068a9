"""Targets: DER, TLS structures, certificates, timestamps, tiles and the signed text of logs."""

import json
from collections.abc import Callable

from pycosign.codec.b64 import decode_b64
from pycosign.codec.der import SEQUENCE, DerReader, read_der, read_elements
from pycosign.codec.der_writer import der_context, der_element, der_sequence
from pycosign.codec.pem import format_pem
from pycosign.crypto import extensions as ext
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.name_constraints import forbidden_name, parse_name_constraints
from pycosign.crypto.names import format_name, parse_name
from pycosign.crypto.pss import parse_pss_parameters
from pycosign.flows.verify_blob import read_certificate, read_certificates
from pycosign.verify.trust import trust_from_material
from pycosign.wire.checkpoint import format_checkpoint, parse_checkpoint, parse_signed_checkpoint, rekor_v1_tree_id
from pycosign.wire.cms import parse_content_info, read_algorithm
from pycosign.wire.cosignature import (
    WitnessKey,
    format_cosignature,
    format_witness_key,
    parse_cosignature,
    parse_witness_key,
    witness_key_hint,
)
from pycosign.wire.note import format_note, parse_note
from pycosign.wire.sct import (
    format_merkle_tree_leaf,
    format_sct,
    format_sct_list,
    parse_digitally_signed,
    parse_merkle_tree_leaf,
    parse_sct,
    parse_sct_list,
)
from pycosign.wire.tile import (
    format_entry_bundle,
    format_tile_path,
    parse_entry_bundle,
    parse_hash_tile,
    parse_tile_path,
)
from pycosign.wire.tsp import TST_INFO, format_request, parse_request, parse_response, response_status
from tests.fuzz import seeds
from tests.fuzz.target import Target, as_text, same_again, tolerating

_WHAT = "sample"


# ---- DER -------------------------------------------------------------------------------------------------------------
_READINGS: tuple[Callable[[DerReader], object], ...] = (
    DerReader.boolean, DerReader.integer, DerReader.bounded_integer, DerReader.oid, DerReader.octets, DerReader.bits,
    DerReader.named_bits, DerReader.null, DerReader.time, DerReader.generalized_time, DerReader.sequence,
    DerReader.set_of, DerReader.rest, DerReader.whole, lambda reader: reader.text(reader.next_tag() or 0),
    lambda reader: reader.context(0),
)  # fmt: skip


def run_der(data: bytes) -> None:
    """Every reading of every element, down to the leaves, for the first elements."""
    with tolerating():
        read_der(data, SEQUENCE, _WHAT)
    with tolerating():
        read_elements(data, _WHAT, 0, len(data))
    waiting = [data]
    for _ in range(_ELEMENTS):
        if not waiting:
            return
        waiting += _read_in_every_way(waiting.pop())


_ELEMENTS = 200  # with all their readings; a fuzzer can make tens of thousands of them


def _read_in_every_way(data: bytes) -> list[bytes]:
    """The contents of the elements in it."""
    for reading in _READINGS:
        with tolerating():
            reading(DerReader(data, _WHAT))
    contents: list[bytes] = []
    reader = DerReader(data, _WHAT)
    with tolerating():
        while not reader.at_end() and len(contents) < _ELEMENTS:
            element = reader.whole()
            header = 2 + (element[1] & 0x7F if element[1] & 0x80 else 0)
            contents.append(element[header:])
    return contents


def run_certificate(data: bytes) -> None:
    """A certificate in every way in which it may come, and everything that is read from it later."""
    with tolerating():
        certificate = parse_certificate(data)
        assert certificate.der == data
        for name in _CERTIFICATE_VALUES:
            with tolerating():
                getattr(certificate, name)
        with tolerating():
            certificate.tbs_without(ext.SCT_LIST)
        with tolerating():
            format_name(certificate.subject_der)
    for pem in (data, format_pem("CERTIFICATE", data) if data else b""):
        with tolerating():
            every = read_certificates(pem, _WHAT)
            assert read_certificate(pem, _WHAT) == every[0]
        with tolerating():
            trust_from_material(ca_certificates_pem=pem, tsa_chain_pem=pem)
        with tolerating():
            trust_from_material(ca_chain_pem=pem)
        with tolerating():
            trust_from_material(ca_roots_pem=pem, ca_intermediates_pem=pem)


_CERTIFICATE_VALUES = (
    "public_key", "basic_constraints", "is_ca", "path_length", "key_usage", "extended_key_usage", "subject_key_id",
    "authority_key_id", "san", "sct_list_der", "fulcio_extensions",
)  # fmt: skip


def run_extensions(data: bytes) -> None:
    for parse in (
        ext.parse_basic_constraints, ext.parse_key_usage, ext.parse_extended_key_usage, ext.parse_subject_key_id,
        ext.parse_authority_key_id, ext.parse_alternative_names, parse_name,
    ):  # fmt: skip
        with tolerating():
            parse(data, _WHAT)
    with tolerating():
        constraints = parse_name_constraints(data, _WHAT)
        forbidden_name(constraints, [*constraints.permitted, *constraints.excluded])
    with tolerating():
        parse_pss_parameters(DerReader(data, _WHAT), _WHAT)
    for number in range(1, 25):
        with tolerating():
            ext.parse_fulcio_extension(number, data, _WHAT)


# SHA-256, MGF1 with SHA-256, a salt of 32 bytes. Source: RFC 4055, 3.1
_PSS_SHA256 = bytes.fromhex(
    "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)


def _name_constraints() -> bytes:
    """Of each kind that is compared: mail, URIs and addresses that are permitted, a mailbox and hosts that are not."""
    permitted = (0x81, b"corp.example"), (0x86, b".corp.example"), (0x87, bytes((10, 1, 0, 0, 255, 255, 0, 0)))
    excluded = (0x81, b"root@corp.example"), (0x82, b"")
    lists = ([der_sequence(der_element(tag, base)) for tag, base in bases] for bases in (permitted, excluded))
    return der_sequence(*(der_context(number, b"".join(items)) for number, items in enumerate(lists)))


def _extension_values() -> list[bytes]:
    found = [parse_certificate(der) for der in seeds.certificates()]
    values = {extension.value for item in found for extension in item.extensions.values()}
    return [_PSS_SHA256, _name_constraints(), *sorted(values | {item.subject_der for item in found}, key=len)[:250]]


def run_timestamp(data: bytes) -> None:
    with tolerating():
        response_status(data)
    with tolerating():
        parse_response(data)
    with tolerating():
        parse_content_info(DerReader(data, _WHAT), TST_INFO)
    with tolerating():
        read_algorithm(DerReader(data, _WHAT))


def run_timestamp_request(data: bytes) -> None:
    same_again(data, parse_request, format_request)


# ---- TLS structures --------------------------------------------------------------------------------------------------
def run_sct(data: bytes) -> None:
    same_again(data, parse_sct, format_sct)
    same_again(data, parse_sct_list, format_sct_list)
    same_again(data, parse_merkle_tree_leaf, format_merkle_tree_leaf)
    with tolerating():
        parse_digitally_signed(data)


def _scts() -> list[bytes]:
    lists = []
    for der in seeds.certificates():
        extension = parse_certificate(der).extensions.get(ext.SCT_LIST)
        if extension is not None:
            lists.append(extension.value)
    one = [format_sct(sct) for value in lists[:20] for sct in parse_sct_list(value)]
    signed = [sct.signature for value in lists[:5] for sct in parse_sct_list(value)]
    return [*lists[:40], *one, *(b"\x04\x03" + len(item).to_bytes(2, "big") + item for item in signed), *_leaves()]


def _leaves() -> list[bytes]:
    entries = json.loads(seeds.exchanged("ctlog-get-entries", answers=True)[0])["entries"]
    return [decode_b64(item["leaf_input"], what=_WHAT) for item in entries]


# ---- notes and tiles -------------------------------------------------------------------------------------------------
def run_checkpoint(data: bytes) -> None:
    same_again(data, lambda raw: parse_note(as_text(raw)), lambda note: format_note(note).encode())
    same_again(data, lambda raw: parse_checkpoint(as_text(raw)), lambda found: format_checkpoint(found).encode())
    with tolerating():
        _, checkpoint = parse_signed_checkpoint(as_text(data))
        rekor_v1_tree_id(checkpoint.origin)


def run_cosignature(data: bytes) -> None:
    same_again(data, parse_cosignature, format_cosignature)
    same_again(data, lambda raw: parse_witness_key(as_text(raw)), lambda key: format_witness_key(key).encode())


def _cosignatures() -> list[bytes]:
    raw = bytes(range(32))
    key = WitnessKey("witness.example", witness_key_hint("witness.example", raw), raw)
    return [bytes(72), format_witness_key(key).encode()]


def run_tile(data: bytes) -> None:
    same_again(data, lambda raw: parse_tile_path(as_text(raw)), lambda tile: format_tile_path(tile).encode())
    same_again(data, parse_entry_bundle, format_entry_bundle)
    for width in (1, 2, 256):
        with tolerating():
            parse_hash_tile(data, width)
        with tolerating():
            parse_entry_bundle(data, width)


def _tiles() -> list[bytes]:
    paths = [b"tile/0/x001/234/067", b"tile/entries/000.p/3", b"tile/0/000", b"tile/5/000.p/255", bytes(32)]
    return [*paths, *seeds.exchanged("rekor-v2-tile", "rekor-v2-entry-bundle", answers=True)]


TARGETS = (
    Target(
        "certificate",
        run_certificate,
        seeds.certificates,
        (parse_certificate, format_name, read_certificate, read_certificates, trust_from_material),
    ),
    Target(
        "der",
        run_der,
        lambda: [*seeds.keys()[:20], *seeds.certificates()[:20], *seeds.stamps()[:10]],
        (read_der, read_elements),
    ),
    Target(
        "timestamp",
        run_timestamp,
        seeds.stamps,
        (parse_response, response_status, parse_content_info, read_algorithm),
    ),
    Target("sct", run_sct, _scts, (parse_sct, parse_sct_list, parse_digitally_signed, parse_merkle_tree_leaf)),
    Target(
        "checkpoint",
        run_checkpoint,
        seeds.checkpoints,
        (parse_note, parse_checkpoint, parse_signed_checkpoint, rekor_v1_tree_id),
    ),
    Target(
        "extensions",
        run_extensions,
        _extension_values,
        (
            ext.parse_basic_constraints,
            ext.parse_key_usage,
            ext.parse_extended_key_usage,
            ext.parse_subject_key_id,
            ext.parse_authority_key_id,
            ext.parse_alternative_names,
            ext.parse_fulcio_extension,
            ext.parse_general_name,
            parse_name,
            parse_name_constraints,
            parse_pss_parameters,
        ),
    ),
    Target(
        "timestamp-request",
        run_timestamp_request,
        lambda: seeds.exchanged("tsa-*", answers=False),
        (parse_request,),
    ),
    Target("cosignature", run_cosignature, _cosignatures, (parse_cosignature, parse_witness_key)),
    Target("tile", run_tile, _tiles, (parse_tile_path, parse_hash_tile, parse_entry_bundle)),
)

"""Make the evidence of which nobody publishes a sample, with one trust root: `python -m tests.corpus.make DIR`.

The keys are new each time and are thrown away. `table.toml` says of each entry that this made it.
"""

import hashlib
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from pycosign.codec.pem import format_pem
from pycosign.crypto.keys import key_details
from pycosign.crypto.signers import generate_signer
from pycosign.verify.evidence import Evidence
from pycosign.wire.bundle import Bundle, MessageSignature, format_bundle
from pycosign.wire.cosignature import Cosignature, cosigned_bytes, format_cosignature, witness_key_hint
from pycosign.wire.dsse import Envelope
from pycosign.wire.legacy import LegacyBundle, format_legacy_bundle
from pycosign.wire.note import NoteSignature, format_note, parse_note
from pycosign.wire.rekor_body import Verifier, format_dsse_v2
from pycosign.wire.sct_response import sct_response
from pycosign.wire.trusted_root import Authority, LogKey, TrustedRoot, format_trusted_root
from tests.crypto.ml_dsa import generate_ml_dsa
from tests.verify.factory import ARTIFACT, EPOCH, SIGNED_AT, Log, World
from tests.verify.issuing import Issued, make_authority
from tests.verify.promises import Promise, beside, ct_log, with_scts
from tests.verify.pss import PssSigner

END = EPOCH + timedelta(days=3650)
STATEMENT = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"%b"}}],'
    b'"predicateType":"https://example.com/predicate","predicate":{}}'
)


class Maker:
    """One Sigstore of many kinds of keys. Every sample is by its identity, or by a key that is written beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World()
        self.other_ct = generate_signer("ecdsa-p384")
        self.logs = [self.world.log_v1, self.world.log_v2]
        self.pss_log = self.log("rekor-pss", PssSigner(2048), is_v2=False)
        self.ml_dsa_log = self.log("rekor-ml-dsa", generate_ml_dsa("ml-dsa-44"), is_v2=True)
        self.p384_log = self.log("rekor-p384", generate_signer("ecdsa-p384"), is_v2=False)
        self.authorities: list[Issued] = []
        self.second_tsa = self.world.timestamp_certificate(EPOCH, END)

    def log(self, host: str, signer: Any, *, is_v2: bool) -> Log:
        name = f"{host}.example.com"
        log = Log(f"https://{name}", name if is_v2 else f"{name} - 7", name, signer, is_v2=is_v2)
        self.logs.append(log)
        return log

    def authority(self, signer: Any, *, is_pss: bool = False) -> Issued:
        """An authority of its own, root and issuer in one."""
        name = f"authority {len(self.authorities)}"
        made = make_authority(name, None, EPOCH, END, ExtendedKeyUsageOID.CODE_SIGNING, signer=signer, is_pss=is_pss)
        self.authorities.append(made)
        return made

    def trusted_root(self, *, unusual: bool) -> TrustedRoot:
        """With or without the logs and authorities of kinds that keep other programs from reading a trust root."""
        root, window = self.world.trusted_root(), self.world.window

        def is_wanted(signer: Any) -> bool:
            return unusual or not (isinstance(signer, PssSigner) or signer.public_key.kind.startswith("ml-dsa"))

        def log_key(log: Log) -> LogKey:
            key = log.signer.public_key
            details = getattr(log.signer, "details", None) or key_details(key) or ""
            return LogKey(log.url, key.spki_der, details, log.log_id, window)

        def named(*chains: tuple[bytes, ...]) -> tuple[Authority, ...]:
            return tuple(
                Authority("https://authority.example.com", "example.com", "x", chain, window) for chain in chains
            )

        return root._replace(
            tlogs=tuple(log_key(log) for log in self.logs if is_wanted(log.signer)),
            ctlogs=(self.world.ct_key(), ct_log(self.world, self.other_ct)),
            certificate_authorities=named(
                (self.world.ca.der, self.world.root.der),
                *((made.der,) for made in self.authorities if is_wanted(made.signer)),
            ),
            timestamp_authorities=named(
                (self.world.tsa.der, self.world.tsa_root.der), (self.second_tsa.der, self.world.tsa_root.der)
            ),
        )

    def write(self, name: str, evidence: Evidence, signer: Any = None) -> None:
        """A bundle v0.3; `signer` is a key of which the public half is to be written beside it."""
        content = evidence.content
        assert isinstance(content, Envelope | MessageSignature)
        bundle = Bundle("0.3", evidence.chain_der, evidence.key_hint, evidence.entries, evidence.timestamps, content)
        (self.folder / f"{name}.json").write_bytes(format_bundle(bundle))
        if signer is not None:
            (self.folder / f"{name}.pub").write_bytes(signer.public_key.pem())

    # -- kinds of keys --
    def keys(self) -> None:
        """Files that were signed with a key, in the log of version 2 if it takes the kind, or timestamped."""
        for name, signer, log, hash_name in (
            ("rsa-pss-2048-key", PssSigner(2048), "v2", None),
            ("rsa-3072-key", generate_signer("rsa-3072"), "v2", None),
            ("rsa-4096-key", generate_signer("rsa-4096"), "v2", None),
            ("ed25519ph-key", generate_signer("ed25519"), "v2", None),
            ("p384-sha256-key", generate_signer("ecdsa-p384"), "v1", "sha256"),
            ("p521-sha256-key", generate_signer("ecdsa-p521"), "v1", "sha256"),
            ("ml-dsa-44-key", generate_ml_dsa("ml-dsa-44"), None, None),
        ):
            stamped_at = None if log == "v1" else SIGNED_AT
            evidence = self.world.blob(signer, log=log, hash_name=hash_name, stamped_at=stamped_at)
            self.write(name, evidence, signer)
        for name, signer in (
            ("ml-dsa-87-key", generate_ml_dsa("ml-dsa-87")),
            ("ed25519-key", generate_signer("ed25519")),
        ):
            self.write(f"{name}-dsse-002", self.dsse_v2(signer), signer)

    def dsse_v2(self, signer: Any) -> Evidence:
        """An envelope in an entry of kind dsse 0.0.2, as rekor-tiles wrote it until 2.2.1."""
        evidence = self.world.attestation(statement(), signer, log=None, stamped_at=SIGNED_AT)
        assert isinstance(evidence.content, Envelope)
        key = signer.public_key
        verifier = Verifier("key-der", key.spki_der, key_details(key) or "")
        body = format_dsse_v2("sha256", sha256(evidence.content.payload), [(evidence.signature, verifier)])
        return evidence._replace(entries=(self.world.log_v2.append("dsse", "0.0.2", body, None),))

    def certificates(self) -> None:
        """Files and statements that were signed under certificates of every kind, and of every kind of authority."""
        pss = self.world.certificate(PssSigner(3072))
        self.write("rsa-pss-3072-certificate", self.world.blob(pss, log="v2", stamped_at=SIGNED_AT))
        pss = self.world.certificate(PssSigner(4096))
        self.write("rsa-pss-4096-statement", self.world.attestation(statement(), pss, log="v2", stamped_at=SIGNED_AT))
        for name, signer in (("ml-dsa-65", generate_ml_dsa("ml-dsa-65")), ("ed25519", generate_signer("ed25519"))):
            self.write(f"{name}-certificate", self.world.attestation(statement(), self.world.certificate(signer)))
        for name, signer, is_pss in (
            ("rsa-pss", generate_signer("rsa-2048"), True),
            ("rsa", generate_signer("rsa-2048"), False),
            ("ml-dsa-65", generate_ml_dsa("ml-dsa-65"), False),
            ("ed25519", generate_signer("ed25519"), False),
            ("p521", generate_signer("ecdsa-p521"), False),
        ):
            authority = self.authority(signer, is_pss=is_pss)
            self.write(f"issued-by-{name}", self.world.blob(self.world.certificate(ca=authority)))

    # -- logs, certificate logs, timestamps --
    def services(self) -> None:
        """What logs and authorities of other kinds of keys say, and several of them."""
        usual = self.world.log_v1, self.world.log_v2
        for log in (self.pss_log, self.p384_log):
            self.world.log_v1 = log
            self.write(f"logged-by-{log.name.partition('.')[0]}", self.world.blob())
        self.world.log_v2 = self.ml_dsa_log
        self.write("logged-by-rekor-ml-dsa", self.world.blob(log="v2", stamped_at=SIGNED_AT))
        self.world.log_v1, self.world.log_v2 = usual
        self.write("cosigned", self.cosigned(self.world.blob(log="v2", stamped_at=SIGNED_AT)))
        promises = [Promise(extensions=b"\x00\x00\x05\x00\x00\x00\x00\x09"), Promise(ct=self.other_ct)]
        self.write("two-scts", self.world.blob(with_scts(self.world, promises)))
        stamped = self.world.blob(log="v2", stamped_at=SIGNED_AT)
        second = self.world.stamp(stamped.signature, SIGNED_AT + timedelta(seconds=5), tsa=self.second_tsa)
        self.write("two-authorities", stamped._replace(timestamps=(*stamped.timestamps, second)))

    def cosigned(self, evidence: Evidence) -> Evidence:
        """Under the checkpoint: a witness, the log's own line, and one of the key that it is about to change to."""
        (entry,) = evidence.entries
        assert entry.proof is not None
        note = parse_note(entry.proof.checkpoint)
        signer, name, at = generate_signer("ed25519"), "witness.example.com", int(SIGNED_AT.timestamp())
        cosignature = Cosignature(at, signer.sign(cosigned_bytes(at, note.text)))
        witness = NoteSignature(name, witness_key_hint(name, signer.public_key.raw), format_cosignature(cosignature))
        new = NoteSignature(note.signatures[0].name, b"next", generate_signer("ed25519").sign(note.text.encode()))
        checkpoint = format_note(note._replace(signatures=(witness, *note.signatures, new)))
        return evidence._replace(entries=(entry._replace(proof=entry.proof._replace(checkpoint=checkpoint)),))

    def detached_sct(self) -> None:
        """Cosign's old form, with a detached SCT that has extensions, of a P-384 certificate log."""
        bare = self.world.blob(self.world.certificate(with_sct=False))
        evidence = beside(self.world, bare, Promise(ct=self.other_ct, extensions=b"\x00\x00\x05\x00\x00\x00\x00\x0a"))
        assert evidence.detached_sct is not None
        pem = format_pem("CERTIFICATE", evidence.chain_der[0])
        legacy = LegacyBundle(evidence.signature, pem, evidence.entries[0]._replace(proof=None))
        (self.folder / "detached-sct.json").write_bytes(format_legacy_bundle(legacy))
        (self.folder / "detached-sct.sct.json").write_text(json.dumps(sct_response(evidence.detached_sct)))

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in (self.keys, self.certificates, self.services, self.detached_sct):
            part()
        (self.folder / "artifact").write_bytes(ARTIFACT)
        for name, unusual in (("trusted_root", False), ("trusted_root_unusual", True)):
            (self.folder / f"{name}.json").write_bytes(format_trusted_root(self.trusted_root(unusual=unusual)))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def statement() -> bytes:
    return STATEMENT % sha256(ARTIFACT).hex().encode()


if __name__ == "__main__":
    Maker(Path(sys.argv[1])).make()

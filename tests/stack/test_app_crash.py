"""The whole stack is killed while it issues: what it answered, its certificate log remembers."""

import json
import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.pem import parse_pem
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.merkle import leaf_hash, root_from_inclusion_proof
from pycosign.wire.sct import CertificateEntry, MerkleTreeLeaf, format_merkle_tree_leaf, parse_sct_list

from .services import pem
from .test_app import get, process, stack_json

SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
CLIENTS = 8
BEFORE_THE_KILL = 40


def request_body(token: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    request = {
        "credentials": {"oidcIdentityToken": token},
        "publicKeyRequest": {
            "publicKey": {"content": pem(key)},
            "proofOfPossession": encode_b64(key.sign(b"foo@bar.com", ec.ECDSA(hashes.SHA256()))),
        },
    }
    return json.dumps(request).encode()


class Customers:
    """Clients that ask for certificates until the CA is gone, and keep what they got."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.chains: list[list[Certificate]] = []
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _ask(self) -> None:
        while True:
            try:
                with urllib.request.urlopen(self.url, request_body(self.token), timeout=10) as response:
                    chain = json.load(response)["signedCertificateEmbeddedSct"]["chain"]["certificates"]
            except (OSError, HTTPException, ValueError):
                self.enough.set()
                return
            self.chains.append([parse_certificate(parse_pem(text.encode(), what="x")[0].der) for text in chain])
            if len(self.chains) >= BEFORE_THE_KILL:
                self.enough.set()


def logged_leaf(leaf: Certificate, issuer: Certificate) -> bytes:
    """The hash under which the log must have a certificate, from the promise inside it."""
    assert leaf.sct_list_der is not None
    [sct] = parse_sct_list(leaf.sct_list_der)
    entry = CertificateEntry(spki_log_id(issuer.spki_der), leaf.tbs_without(SCT_LIST))
    return leaf_hash(format_merkle_tree_leaf(MerkleTreeLeaf(sct.timestamp_ms, entry)))


def test_every_certificate_that_was_handed_out_is_in_the_log_after_a_kill(tmp_path: Path) -> None:
    with process(tmp_path) as first:
        stack = stack_json(tmp_path)
        customers = Customers(f"{stack['fulcio']}/api/v2/signingCert", get(f"{stack['oidc']}/token").decode())
        assert customers.enough.wait(30)
        first.kill()
        for thread in customers.threads:
            thread.join(20)
    assert len(customers.chains) >= BEFORE_THE_KILL
    with process(tmp_path, ports=""):
        log = stack_json(tmp_path)["ctlog"]
        head = json.loads(get(f"{log}/ct/v1/get-sth"))
        root = decode_b64(head["sha256_root_hash"], what="root")
        for leaf, issuer, _ in customers.chains:
            hashed = logged_leaf(leaf, issuer)
            query = f"hash={quote(encode_b64(hashed))}&tree_size={head['tree_size']}"
            proof = json.loads(get(f"{log}/ct/v1/get-proof-by-hash?{query}"))
            path = [decode_b64(item, what="path") for item in proof["audit_path"]]
            assert root_from_inclusion_proof(hashed, proof["leaf_index"], head["tree_size"], path) == root

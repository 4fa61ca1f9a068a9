"""Why a peer says otherwise than pycosign of a bundle of the corpus or a mutant of it: one row for each cause."""

import re
from typing import NamedTuple

from tests.mutation.explained import COSIGN, PYTHON


class CorpusDisagreement(NamedTuple):
    """One document of which a peer and pycosign say different things."""

    peer: str
    entry: str
    rekor_v2: bool  # the entry as published has a log entry of Rekor v2
    change: str  # "path [kind number]", "" for the bundle as published
    ours: str  # "" accepted, else the code
    theirs: str  # "" accepted, else its words

    def __str__(self) -> str:
        answers = f"{self.ours or 'accepted'} / {self.theirs[-160:] or 'accepted'}"
        return f"{self.peer}: {self.entry}: {self.change or 'as published'}: {answers}"


class CorpusExplanation(NamedTuple):
    """A cause. `entry`, `change` and `ours` are patterns for the whole text, `words` for a part of the peer's."""

    peer: str
    accepts: bool  # the peer accepts, and pycosign refuses
    why: str
    change: str = ".*"
    words: str = ""
    entry: str = ".*"
    ours: str = ".*"
    rekor_v2: bool = False  # for entries of Rekor v2 only

    def covers(self, item: CorpusDisagreement) -> bool:
        return (
            item.peer == self.peer
            and self.accepts == (not item.theirs)
            and self.rekor_v2 <= item.rekor_v2
            and re.fullmatch(self.entry, item.entry) is not None
            and re.fullmatch(self.change, item.change) is not None
            and re.fullmatch(self.ours, item.ours) is not None
            and re.search(self.words, item.theirs, re.DOTALL) is not None
        )


_ENTRY = r"verificationMaterial\.tlogEntries\[\]\."
_BODY = rf"{_ENTRY}canonicalizedBody"
_STAMPS = r"verificationMaterial\.timestampVerificationData"
_BAD_STAMP = "timestamp.invalid|timestamp.not-granted|algorithm.unsupported|malformed"
# its words are those of its second guess: old JSON, beside a file of the digest's name
_NO_BUNDLE = "only supported with --new-bundle-format|no such file or directory"
_NO_CHECKPOINT = (
    "takes a bundle with a proof without a checkpoint for none; beside a promise, which is the log's signature, "
    "version 0.1 needs no proof"
)

TABLE: tuple[CorpusExplanation, ...] = (
    # ---- Cosign refuses what pycosign accepts
    CorpusExplanation(
        COSIGN,
        False,
        "takes SHA-256 for every `--key` of P-384 or P-521, and so refuses what Cosign 3 signed with it (unless "
        "`--signature-digest-algorithm` is given; fixed after 3.1.2)",
        words="invalid signature when validating ASN.1 encoded signature",
        entry=r"made-cosign3-key-p(384|521)-.*|made-two-logs-two-timestamps",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "cannot verify what Cosign 3 signed with an Ed25519 key and without a log: the signature is over the file "
        "itself, so that no digest is stated",
        words="message is missing artifact digest",
        entry="made-cosign3-key-ed-no-log",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "takes an Ed25519 `--key` for pure Ed25519 over the file; logs take the prehashed form alone (Ed25519ph)",
        words="could not verify message: failed to verify signature",
        entry="self-ed25519ph-key",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "knows no ML-DSA",
        words="unknown public key algorithm|unsupported public key type",
        entry="self-ml-dsa-.*",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "takes every RSA key for PKCS #1 v1.5 where it rebuilds the body of Rekor v2's entries, and so finds another "
        "leaf for RSASSA-PSS",
        words="verifying inclusion: calculated root",
        entry="self-rsa-pss-.*",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "refuses a whole trust root for one log whose key it does not know (RSASSA-PSS, ML-DSA)",
        words="unsupported tlog public key type",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "takes SHA-256 for every log key; the trust root names SHA-384 for this Rekor v1 with a P-384 key",
        words="not enough verified log entries from transparency log",
        entry="self-logged-by-rekor-p384",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "knows no `rekord` and no `intoto` 0.0.1 entries in a bundle; each binds signature or envelope, artifact and "
        "key",
        words=r"unsupported entry type: \*(rekord|intoto)\.V001Entry",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "knows no `dsse` 0.0.2 entries (rekor-tiles up to 2.2.1 wrote them), and so takes the file for no bundle",
        words=_NO_BUNDLE,
        entry="self-ed25519-key-dsse-002|self-ml-dsa-.*|sigstore-java-bundle.dsse.rekor-v2.bad-entry-type",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "takes a bundle for none if it does not know an entry beside its own; one of an unknown log is left out here",
        change=r"verificationMaterial\.tlogEntries \[list \d+\]",
        words=_NO_BUNDLE,
    ),
    CorpusExplanation(
        COSIGN,
        False,
        _NO_CHECKPOINT,
        change=rf"{_ENTRY}inclusionProof\.checkpoint.*",
        words=_NO_BUNDLE,
    ),
    CorpusExplanation(
        COSIGN,
        False,
        _NO_CHECKPOINT,
        words=_NO_BUNDLE,
        entry=r"sigstore-python-Python-3\.12\.5\.tgz",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "knows the names of protobuf JSON in camelCase only where it tells bundles from its own old JSON",
        change=r".* \[snake case\]",
        words=_NO_BUNDLE,
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "skips a signature whose key id is not its key's own; to DSSE a key id is a hint",
        change=r"dsseEnvelope\.signatures\[\]\.keyid.*",
        words="accepted signatures do not match threshold",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "needs the digest beside the signature; the verifier computes its own in any case",
        change=r"messageSignature\.messageDigest.*",
        words="missing verification material|unsupported digest algorithm|missing artifact digest",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "demands a promise for every time that is stated; without a promise a time counts for nothing here",
        change=rf"{_ENTRY}inclusionPromise.*|verificationMaterial\.tlogEntries \[list \d+\]",
        words="threshold not met for verified log entry integrated timestamps",
    ),
    CorpusExplanation(
        COSIGN,
        False,
        "parses the parts of a timestamp that its authority does not sign more strictly",
        change=rf"{_STAMPS}.*signedTimestamp> \[(bit|DER|size) \d+\]",
        words="threshold not met for verified signed timestamps",
    ),
    # ---- Cosign accepts what pycosign refuses
    CorpusExplanation(
        COSIGN,
        True,
        "does not compare kind and version of an entry with those in the body that the log signed",
        change=rf"{_ENTRY}kindVersion.*",
        ours="tlog.entry-mismatch|malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "rebuilds the body of Rekor v2's entries and never reads the stated one",
        change=rf"{_BODY}.*",
        ours="tlog.entry-mismatch|malformed",
        rekor_v2=True,
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "takes root, size and index of Rekor v2's proofs from checkpoint and entry, and never reads the stated ones",
        change=rf"{_ENTRY}inclusionProof\.(rootHash|treeSize|logIndex).*",
        ours="tlog.root-mismatch|malformed",
        rekor_v2=True,
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "looks at no timestamp beside a log entry's time or a key, unless `--use-signed-timestamps` is given; one of a "
        "known authority that does not hold, or that is none, is refused here",
        change=rf"verificationMaterial \[swap \d+\]|{_STAMPS}.*",
        ours=_BAD_STAMP,
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "does not compare the name on a checkpoint's signature with the log's; the key is the log's",
        change=rf"{_ENTRY}inclusionProof\.checkpoint\.envelope \[.*",
        ours="checkpoint.invalid|malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "reads no certificate of the chain but the leaf",
        change=r"verificationMaterial\.x509CertificateChain\.certificates(\[\]\.rawBytes>)? .*",
        ours="malformed|cert.untrusted",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "lets entries beside its own lack what the bundle's version needs: the promise in 0.1, the proof later",
        change=r"verificationMaterial\.tlogEntries \[list \d+\]",
        ours="malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "takes an empty promise beside a proof for none",
        change=rf"{_ENTRY}inclusionPromise.*",
        ours="malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "takes its own digest of the file whatever the one beside the signature says; here it must be the signed one",
        change=r"messageSignature\.messageDigest.*",
        ours="malformed|signature.invalid",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "reads numbers with a fraction or an exponent; one value has one spelling here",
        change=r".* \[number \d+\]",
        ours="malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "reads base64 with line breaks, of URLs or without padding; one value has one spelling here",
        change=r".* \[text \d+\]",
        ours="malformed",
    ),
    CorpusExplanation(
        COSIGN,
        True,
        "takes an empty object or `null` in place of one that is needed",
        change=r".* \[(deleted|null|other type \d+)\]",
        ours="malformed",
    ),
    # ---- sigstore-python refuses what pycosign accepts
    CorpusExplanation(
        PYTHON,
        False,
        "takes the time of no `intoto` and `rekord` entry",
        words="Integrated time only supported",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "reads no `dsse` 0.0.2 entries (rekor-tiles up to 2.2.1 wrote them)",
        words="Unsupported DSSE log entry type",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "calls every key as an ECDSA key",
        words="TypeError: (RSA|Ed25519)PublicKey.verify|Cannot convert .*ECDSA",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "knows SHA-256 only, whatever the key's curve",
        words="unknown hash algorithm",
        entry="sigstore-java-PKIX_ECDSA_P(384|521)_.*",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "wants an inclusion proof with a checkpoint in version 0.1 too, where a promise is enough",
        words="1 validation error for Bundle|must contain inclusion proof, with checkpoint",
        entry=r"field-npm-.*-1|sigstore-go-dsse|sigstore-js-bundleV01-.*|sigstore-java-bundle\.v1.*|"
        r"slsa-verifier-attestation\.intoto|sigstore-python-Python-3\.12\.5\.tgz",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "needs members that protobuf JSON leaves out where they are zero: the index of a log's first entry",
        words="validation errors for Bundle",
        entry="recorded-cosign3-blob-rekor-v[12]",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "takes exactly one log entry",
        change=r"verificationMaterial\.tlogEntries \[list \d+\]",
        words="expected exactly one log entry|validation errors? for Bundle",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "needs spellings of protobuf JSON that writers may choose otherwise",
        words="validation errors? for Bundle",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "wants a chain in versions 0.1 and 0.2, and the leaf alone in 0.3",
        change=r"mediaType \[swap \d+\]",
        words="expected certificate",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "reads no trust root whose authorities lack a subject or that names a log of RSASSA-PSS or ML-DSA",
        words="ValidationError: 1 validation error for TrustedRoot",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "takes a timestamp at the very end of its authority's validity for one after it; the end is inclusive",
        words="not enough sources of verified time",
        entry="conformance-trust-root-tsa-validity-end-inclusive",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "wants one SCT in a certificate; RFC 6962 has a list",
        words="Expected one certificate timestamp",
        entry="self-two-scts",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "builds paths by the rules of the web's certificates, which have no Ed25519",
        words="Forbidden public key algorithm",
        entry="self-issued-by-ed25519",
    ),
    CorpusExplanation(
        PYTHON,
        False,
        "parses the parts of a timestamp that its authority does not sign more strictly",
        change=rf"{_STAMPS}.*signedTimestamp> \[(bit|DER|size) \d+\]",
        words="Invalid Timestamp Response|Malformed TimestampToken|not enough sources of verified time",
    ),
    # ---- sigstore-python accepts what pycosign refuses
    CorpusExplanation(
        PYTHON,
        True,
        "finds Rekor v2's log by the first four bytes of its id",
        change=rf"{_ENTRY}logId\.keyId> .*",
        ours="tlog.unknown-log|malformed",
        rekor_v2=True,
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "never reads the index beside a proof of Rekor v2, which has to be the proof's",
        change=rf"{_ENTRY}logIndex .*",
        ours="tlog.root-mismatch",
        rekor_v2=True,
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "does not compare a checkpoint's origin, or the name on its signature, with the log's",
        change=rf"{_ENTRY}inclusionProof\.checkpoint\.envelope \[.*\]",
        ours="checkpoint.invalid|malformed",
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "leaves out a timestamp that does not hold if another time is enough; here it is refused",
        change=rf"{_STAMPS}.*",
        ours=_BAD_STAMP,
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "reads the name of the algorithm beside a digest, and compares it with nothing",
        change=r"messageSignature\.messageDigest\.algorithm .*",
        ours="malformed",
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "takes the last of two members of one name, and `null` for a member that is not there",
        change=r".* \[(null|twice|.* twin.*)\]",
        ours="malformed",
    ),
    CorpusExplanation(
        PYTHON,
        True,
        "reads base64 with characters that do not belong there, and numbers with white space or leading zeros",
        change=r".* \[(text|number) \d+\]",
        ours="malformed",
    ),
)


def explanation_of(item: CorpusDisagreement) -> CorpusExplanation | None:
    """The first row that covers it."""
    return next((row for row in TABLE if row.covers(item)), None)

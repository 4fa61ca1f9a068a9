"""Why Cosign says otherwise than pycosign of a bundle of the corpus or a mutant of it: one row for each cause."""

from tests.mutation.corpus_cause import CorpusExplanation
from tests.mutation.explained import COSIGN

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
)

"""Why sigstore-python says otherwise than pycosign of a bundle of the corpus or a mutant of it."""

from tests.mutation.corpus_cause import CorpusExplanation
from tests.mutation.explained import PYTHON

_ENTRY = r"verificationMaterial\.tlogEntries\[\]\."
_STAMPS = r"verificationMaterial\.timestampVerificationData"
_BAD_STAMP = "timestamp.invalid|timestamp.not-granted|algorithm.unsupported|malformed"

TABLE: tuple[CorpusExplanation, ...] = (
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

"""Why a peer says otherwise than pycosign of a generated bundle: one row for each cause."""

import re
from collections.abc import Callable
from typing import NamedTuple

from tests.mutation.generated import ML_DSA, PSS, Recipe, Truth


class Disagreement(NamedTuple):
    """One bundle of which a peer and pycosign say different things."""

    peer: str
    recipe: Recipe
    change: str
    truth: Truth
    ours: str  # "" accepted, else the code
    theirs: str  # "" accepted, else its words

    def __str__(self) -> str:
        answers = f"{self.ours or 'accepted'} / {self.theirs[-160:] or 'accepted'}"
        return f"{self.peer}: {self.change} [{self.recipe}] ({self.truth.value}): {answers}"


class Explanation(NamedTuple):
    """A cause. `change` and `words` are patterns, for the whole name and somewhere in the peer's words."""

    peer: str
    accepts: bool  # the peer accepts, and pycosign refuses
    why: str
    change: str = ".*"
    words: str = ""
    kinds: Callable[[Recipe], bool] = lambda recipe: True

    def covers(self, item: Disagreement) -> bool:
        return (
            item.peer == self.peer
            and self.accepts == (not item.theirs)
            and re.fullmatch(self.change, item.change) is not None
            and re.search(self.words, item.theirs, re.DOTALL) is not None
            and self.kinds(item.recipe)
        )


COSIGN, PYTHON = "Cosign", "sigstore-python"


def _keyed(recipe: Recipe) -> bool:
    return not recipe.has_certificate


def _rekor_v2(recipe: Recipe) -> bool:
    return recipe.is_v2


TABLE: tuple[Explanation, ...] = (
    # ---- Cosign refuses what pycosign accepts
    Explanation(
        COSIGN,
        False,
        "takes SHA-256 for every `--key` of P-384 or P-521 and cannot verify what it signed itself (unless "
        "`--signature-digest-algorithm` is given)",
        words="invalid signature when validating ASN.1 encoded signature|accepted signatures do not match threshold",
        kinds=lambda recipe: _keyed(recipe) and recipe.algorithm in ("ecdsa-p384", "ecdsa-p521"),
    ),
    Explanation(
        COSIGN,
        False,
        "takes an Ed25519 `--key` for pure Ed25519 over the file; logs take the prehashed form alone (Ed25519ph)",
        words="could not verify message: failed to verify signature",
        kinds=lambda recipe: _keyed(recipe) and recipe.algorithm == "ed25519",
    ),
    Explanation(
        COSIGN,
        False,
        "takes Ed25519 under an envelope for the pure form; Rekor v2 takes an envelope as a digest: the prehashed form",
        words="accepted signatures do not match threshold",
        kinds=lambda recipe: recipe.algorithm == "ed25519" and recipe.entry == "hashedrekord 0.0.2",
    ),
    Explanation(
        COSIGN,
        False,
        "takes every RSA key for PKCS #1 v1.5 where it rebuilds the body of Rekor v2's entries, and so finds another "
        "leaf for RSASSA-PSS",
        words="verifying inclusion: calculated root",
        kinds=lambda recipe: recipe.algorithm == PSS,
    ),
    Explanation(
        COSIGN,
        False,
        "knows no ML-DSA",
        words="unknown public key algorithm|unsupported public key type",
        kinds=lambda recipe: recipe.algorithm == ML_DSA,
    ),
    Explanation(
        COSIGN,
        False,
        "skips a signature whose key id is not its key's own; to DSSE a key id is a hint",
        change="a key id beside the signature",
        words="accepted signatures do not match threshold",
    ),
    Explanation(
        COSIGN,
        False,
        "knows no `dsse` 0.0.2 entries (rekor-tiles up to 2.2.1 wrote them), and so takes the file for no bundle",
        words="trusted-root only supported with --new-bundle-format",
        kinds=lambda recipe: recipe.entry == "dsse 0.0.2",
    ),
    Explanation(
        COSIGN,
        False,
        "knows the names of protobuf JSON in camelCase only where it tells bundles from its own old JSON",
        change="names in snake_case",
        words="trusted-root only supported with --new-bundle-format",
    ),
    Explanation(
        COSIGN,
        False,
        "wants every signature on a checkpoint to be the log's; notes may have others, of witnesses (C2SP)",
        change="a second signature on the checkpoint",
        words="signature on checkpoint did not verify",
    ),
    Explanation(
        COSIGN,
        False,
        "needs the digest beside the signature; the verifier computes its own in any case",
        change="no digest beside the signature",
    ),
    Explanation(
        COSIGN,
        False,
        "demands a promise for the time that is stated; without a promise a time counts for nothing here",
        change="a time without a promise",
        words="threshold not met for verified log entry integrated timestamps",
    ),
    # ---- Cosign accepts what pycosign refuses
    Explanation(
        COSIGN,
        True,
        "does not compare kind and version of an entry with those in the body that the log signed",
        change="another (kind|version) of entry",
    ),
    Explanation(
        COSIGN,
        True,
        "rebuilds the body of Rekor v2's entries and never reads the stated one",
        change="a bit of the body",
        kinds=_rekor_v2,
    ),
    Explanation(
        COSIGN,
        True,
        "takes root, size and index of Rekor v2's proofs from checkpoint and entry, and never reads the stated ones",
        change="another root hash|another tree size|another index of the (tree|log.*)",
        kinds=_rekor_v2,
    ),
    Explanation(
        COSIGN,
        True,
        "looks at no timestamp beside a log entry's time or a key, unless `--use-signed-timestamps` is given; one of a "
        "known authority that does not hold is refused here",
        change="a bit of the timestamp|a timestamp (of another|by another key).*|stamped .*",
    ),
    Explanation(
        COSIGN,
        True,
        "takes its own digest of the file whatever the one beside the signature says; here it must be the signed one",
        change="a digest that was not signed",
        kinds=lambda recipe: not recipe.has_log,
    ),
    Explanation(
        COSIGN,
        True,
        "takes the same timestamp twice; here one that is given twice is refused",
        change="the same timestamp twice",
    ),
    Explanation(
        COSIGN,
        True,
        "does not compare the name on a checkpoint's signature with the log's; the key is the log's",
        change="a checkpoint (signed by another name|of another origin)",
    ),
    Explanation(
        COSIGN,
        True,
        "reads base64 with line breaks, of URLs or without padding; one value has one spelling here",
        change="(line breaks in base64|base64 .*)",
    ),
    Explanation(
        COSIGN,
        True,
        "compares subjects' digests whatever their case; in-toto writes hexadecimal in lower case",
        change="a digest in capitals",
    ),
    Explanation(
        COSIGN,
        True,
        "`verify-blob` looks at nothing in a statement but its subjects",
        change="no predicate type|an unknown statement",
    ),
    # ---- sigstore-python refuses what pycosign accepts
    Explanation(
        PYTHON,
        False,
        "calls every key as an ECDSA key",
        words="TypeError: (RSA|Ed25519)PublicKey.verify|Cannot convert .*ECDSA",
    ),
    Explanation(
        PYTHON,
        False,
        "knows SHA-256 only, whatever the key's curve",
        words="Bundle message digest mismatch|DSSE: invalid signature|unknown hash algorithm",
        kinds=lambda recipe: recipe.algorithm != "ecdsa-p256",
    ),
    Explanation(
        PYTHON,
        False,
        "takes the time of no `intoto` entry, and reads no `intoto` 0.0.2 and `dsse` 0.0.2 entries",
        words="Integrated time only supported|Unsupported DSSE log entry type",
    ),
    Explanation(
        PYTHON,
        False,
        "wants an inclusion proof in version 0.1 too, where a promise is enough",
        words="validation errors? for Bundle",
        kinds=lambda recipe: recipe.proved_by == "promise",
    ),
    Explanation(
        PYTHON,
        False,
        "knows no issuer but the one in the old extension (1.3.6.1.4.1.57264.1.1)",
        change="the new issuer alone",
        words="does not contain OIDCIssuer",
    ),
    Explanation(
        PYTHON,
        False,
        "wants code signing among the stated purposes; a certificate that states none is good for any (RFC 5280)",
        change="for no stated purpose|for any purpose",
        words="ExtendedKeyUsage|Extended usage|invalid leaf or non-leaf certificate in the leaf position",
    ),
    Explanation(
        PYTHON,
        False,
        "takes exactly one log entry",
        change="a second entry of an unknown log",
        words="expected exactly one log entry",
    ),
    Explanation(
        PYTHON,
        False,
        "needs spellings of protobuf JSON that writers may choose otherwise",
        change="integers as numbers|names in snake_case|no digest beside the signature|no log index|a null member",
        words="validation errors? for Bundle",
    ),
    Explanation(
        PYTHON,
        False,
        "wants a chain in versions 0.1 and 0.2, and the leaf alone in 0.3",
        change="called .*",
        words="expected certificate",
    ),
    Explanation(
        PYTHON,
        False,
        "parses the parts of a timestamp that its authority does not sign more strictly",
        change="a bit of the timestamp",
        words="Invalid Timestamp Response",
    ),
    # ---- sigstore-python accepts what pycosign refuses
    Explanation(
        PYTHON,
        True,
        "looks for the identity among all names of the certificate; Fulcio gives one, and of several nobody knows who "
        "signed",
        change="a second name beside the identity",
    ),
    Explanation(
        PYTHON,
        True,
        "leaves the payload and its type to its caller; the judge here looks at the subjects alone",
        change="another payload type|no predicate type|an unknown statement",
    ),
    Explanation(
        PYTHON,
        True,
        "never reads the index beside a proof of Rekor v2, which has to be the proof's",
        change="another index of the log beside a proof alone",
        kinds=_rekor_v2,
    ),
    Explanation(
        PYTHON,
        True,
        "looks at one of the two issuers in a certificate; if they differ nobody knows which one was meant",
        change="two issuers that differ",
    ),
    Explanation(
        PYTHON,
        True,
        "leaves subjects to its caller; the judge here accepts a subject that has one fitting digest",
        change="digests that contradict each other",
    ),
    Explanation(
        PYTHON,
        True,
        "does not compare a checkpoint's origin with the log's",
        change="a checkpoint (of another origin|signed by another name)",
    ),
    Explanation(
        PYTHON,
        True,
        "leaves out a timestamp that does not hold if the log's time is enough; here it is refused",
        change="stamped .*|a timestamp .*|a bit of the timestamp|the same timestamp twice",
    ),
    Explanation(
        PYTHON,
        True,
        "takes the last of two members of one name",
        change="(the content|a member) twice",
    ),
    Explanation(
        PYTHON,
        True,
        "finds Rekor v2's log by the first four bytes of its id",
        change="a bit of the log id.*",
    ),
    Explanation(
        PYTHON,
        True,
        "reads base64 with characters that do not belong there",
        change="(line breaks in base64|base64 .*)",
    ),
)


def explanation_of(item: Disagreement) -> Explanation | None:
    """The first row that covers it."""
    return next((row for row in TABLE if row.covers(item)), None)

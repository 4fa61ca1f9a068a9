"""Every bound on untrusted input, in one place. Sizes in bytes unless the name says otherwise."""

from typing import Final

# documents
JSON_DEPTH: Final = 64
JSON_CONTAINERS: Final = 1 << 20  # objects and arrays of one text; SBOMs of 16 MiB have a tenth
BUNDLE_BYTES: Final = 88 << 20  # a payload in base64, and a MiB of what vouches for it
BUNDLE_CONTAINERS: Final = 10_000  # objects and arrays of one; 32 log entries and certificates have hundreds
BUNDLES_PER_FILE: Final = 1000  # one a line, or in a registry's list
BATCH_LINE_BYTES: Final = 64 << 10
TRUSTED_ROOT_BYTES: Final = 16 << 20
SIGNING_CONFIG_BYTES: Final = 1 << 20
INSTANCES_FILE_BYTES: Final = 1 << 20
STACK_FILE_BYTES: Final = 64 << 10
KEY_FILE_BYTES: Final = 1 << 20
POLICY_BYTES: Final = 1 << 20
POLICY_DEPTH: Final = 8
POLICY_SIGNERS: Final = 256
POLICY_LISTS: Final = 16  # revocation lists of one policy
REVOCATION_LIST_BYTES: Final = 16 << 20
REVOCATIONS: Final = 100_000  # entries of one kind in a revocation list
TOKEN_BYTES: Final = 64 << 10
PAYLOAD_BYTES: Final = 64 << 20  # SBOMs of large images have dozens of MiB
PURE_ED25519_MESSAGE_BYTES: Final = 64 << 20  # pure Ed25519 needs the whole message in memory
CERTIFICATE_BYTES: Final = 64 << 10
CHECKPOINT_BYTES: Final = 64 << 10
TIMESTAMP_BYTES: Final = 64 << 10
SIGNATURE_BYTES: Final = 16 << 10  # one raw signature; RSA 4096 has 512

# counts inside one evidence (GHSA-cq38-jh5f-37mq)
LOG_ENTRIES: Final = 32
TIMESTAMPS: Final = 32
CERTIFICATES: Final = 10
CERTIFICATE_EXTENSIONS: Final = 64
CERTIFICATE_NAMES: Final = 64
NAME_SUBTREES: Final = 256  # that an authority permits, and as many that it excludes
NAME_COMPARISONS: Final = 20_000  # of a path's names with one authority's subtrees
SIGNATURES: Final = 10
SCTS: Final = 16
SCT_RESPONSE_BYTES: Final = 16 << 10
SUBJECTS: Final = 1024  # of one statement, as sigstore-go
SUBJECT_DIGESTS: Final = 32
NOTE_SIGNATURES: Final = 64
PROOF_HASHES: Final = 64
INSTANCES: Final = 256  # named ones
TRUST_ENTRIES: Final = 256  # logs, authorities or services of one kind in a trusted root or signing config

# registries (GHSA-95pr-fxf5-86gv, GHSA-88jx-383q-w4qc, GHSA-vfp6-jrw2-99g9)
MANIFEST_BYTES: Final = 8 << 20
MANIFEST_LAYERS: Final = 1000
ATTACHMENT_BYTES: Final = 128 << 20
ATTACHMENTS_BYTES: Final = 256 << 20  # of one image, all that are held at once
MANIFESTS_PER_INDEX: Final = 1000  # with those of the indexes in it
SIGNATURES_PER_IMAGE: Final = 1000  # as Cosign; daily scans, attested, are hundreds in a year
REFERRERS: Final = 1000
PAGES: Final = 100

# network
RESPONSE_BYTES: Final = 8 << 20
DOWNLOAD_BYTES: Final = 1 << 40  # of an artifact that is streamed, never held
ERROR_TEXT_CHARS: Final = 500
REDIRECTS: Final = 5
RETRIES: Final = 3
DEFAULT_TIMEOUT_SECONDS: Final = 180.0

# services
REQUEST_BYTES: Final = 4 << 20
ENTRY_BYTES: Final = 65_535  # an entry's length is a u16 in a tile
RETRIEVE_ITEMS: Final = 10

"""The names of the claims that Fulcio writes into certificates. Source: sigstore/fulcio, docs/oid-info.md."""

from typing import Final

__all__ = ["CLAIM_NUMBERS", "claim_name"]

# Extension 1.3.6.1.4.1.57264.1.N. There is no 7: that is the type of a user name among the alternative names.
CLAIM_NUMBERS: Final = {
    "issuer_v1": 1,
    "github_workflow_trigger": 2,
    "github_workflow_sha": 3,
    "github_workflow_name": 4,
    "github_workflow_repository": 5,
    "github_workflow_ref": 6,
    "issuer": 8,
    "build_signer_uri": 9,
    "build_signer_digest": 10,
    "runner_environment": 11,
    "source_repository_uri": 12,
    "source_repository_digest": 13,
    "source_repository_ref": 14,
    "source_repository_identifier": 15,
    "source_repository_owner_uri": 16,
    "source_repository_owner_identifier": 17,
    "build_config_uri": 18,
    "build_config_digest": 19,
    "build_trigger": 20,
    "run_invocation_uri": 21,
    "source_repository_visibility_at_signing": 22,
    "deployment_environment": 23,
    "token_subject": 24,
}
_NAMES: Final = {number: name for name, number in CLAIM_NUMBERS.items()}


def claim_name(number: int) -> str:
    """What a claim is called: its name and its object identifier's last number."""
    name = _NAMES.get(number)
    return f"1.3.6.1.4.1.57264.1.{number}" if name is None else f"{name} (1.3.6.1.4.1.57264.1.{number})"

"""Say which digest of an image may be deployed: that of a tag whose signature by a release workflow is verified.

python verify_image.py IMAGE IDENTITY_PATTERN ISSUER
"""

import sys

import pycosign


def main(image: str, pattern: str, issuer: str) -> int:
    try:
        verified = pycosign.verify_image(
            image,
            signer=pycosign.Identity(pycosign.Regexp(pattern), issuer=issuer),
            trust=pycosign.Trust.from_environment(),
        )
    except pycosign.UnavailableError as problem:
        print(f"could not find out: {problem} ({problem.code})", file=sys.stderr)
        return 20
    except pycosign.SigningError as refusal:
        print(f"refused: {refusal} ({refusal.code})", file=sys.stderr)
        return 1
    for signature in verified.signatures:
        print(f"signed by {signature.identity} at {signature.times[0].at}", file=sys.stderr)
    print(verified.name)  # by digest: a tag may move between now and the deployment
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

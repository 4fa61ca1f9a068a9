"""The TUF repository by which clients learn whom to trust. Source: sigstore/root-signing; sigstore-go, pkg/tuf."""

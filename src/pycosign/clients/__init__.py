"""The clients of Sigstore's services: each says one exchange with one service, and leaves HTTP to `net`."""

"""The certificate authority: Fulcio's API. Source: services.md, 1."""

"""The certificate authority: Fulcio's API. Source: sigstore/fulcio, fulcio.proto."""

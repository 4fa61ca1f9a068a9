"""The OIDC issuer: discovery, keys, identity tokens. Source: OpenID Connect Core and Discovery 1.0."""

"""The OIDC issuer: discovery, keys, identity tokens. Source: services.md, 6."""

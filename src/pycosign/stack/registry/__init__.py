"""An OCI 1.1 registry with referrers: the one that the private Sigstore brings with it.

`core` is pure, `storage` keeps blobs as files and everything else in SQLite, `uploads` streams blobs in,
`http` is the ASGI application.
"""

from pycosign.stack.registry.http import build_registry_app

__all__ = ["build_registry_app"]

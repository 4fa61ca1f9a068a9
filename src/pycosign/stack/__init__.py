"""The private Sigstore: every service in one process. Each room has `core.py` (pure) and `http.py` (thin)."""

"""The TUF repository by which clients learn whom to trust. Source: services.md, 5.4, 5.5."""

"""The command line: arguments -> flows -> text. One table per command drives everything (docs/architecture.md)."""

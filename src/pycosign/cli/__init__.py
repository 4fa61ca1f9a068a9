"""The command line: arguments -> flows -> text. One table per command drives everything (design, section 5)."""

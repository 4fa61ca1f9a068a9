"""A key reference -> a key: a file, an environment variable, a URL; other stores of keys come later."""

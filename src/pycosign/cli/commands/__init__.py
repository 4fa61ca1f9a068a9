"""One module per command: its table `COMMAND`, and `run(args, context)`, which imports what it uses when it runs."""

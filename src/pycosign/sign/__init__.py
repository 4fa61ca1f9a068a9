"""What to sign, and how the result is packed. Pure: flows fetch, and verify what is packed here before it leaves."""

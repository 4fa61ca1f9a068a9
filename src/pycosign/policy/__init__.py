"""Who must have signed, as a file says it, and the decision over several signatures. Pure."""

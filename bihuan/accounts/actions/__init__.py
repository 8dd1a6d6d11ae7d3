"""What administrators and people do with accounts: one verb, one function, always with `by`."""

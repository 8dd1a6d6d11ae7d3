"""A server of its own for phones: started, killed and restarted as the tests need it."""

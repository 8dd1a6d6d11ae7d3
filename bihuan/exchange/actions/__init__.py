"""What people and the software do in exchange, by subject."""

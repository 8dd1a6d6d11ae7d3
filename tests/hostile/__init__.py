"""What an unfriendly or careless sender may send: words, numbers, days, files."""

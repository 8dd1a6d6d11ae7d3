"""Live updates: one small process that tells open pages what changed. It sends hints and counts, never records."""

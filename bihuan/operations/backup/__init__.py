"""Consistent copies of the whole installation, and the proof that they can be restored."""

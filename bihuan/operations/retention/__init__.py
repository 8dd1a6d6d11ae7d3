"""How long which records are kept, by which rule; clearing what may go, after a report."""

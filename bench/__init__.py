"""Measurements, never unit tests: page times and query counts at demo size and at a million hazards."""

"""Counters and histograms, safe in several processes when PROMETHEUS_MULTIPROC_DIR is set before the start.

Every label has few values: route names, never addresses; status codes; task paths of our own code.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_SECONDS = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)
QUERIES = (0, 2, 5, 10, 20, 40, 80)

REQUESTS = Histogram(
    "bihuan_request_duration_seconds",
    "Time to answer a request, by route name.",
    ["route", "method", "status"],
    buckets=SECONDS,
)
DATABASE = Histogram(
    "bihuan_request_database_seconds", "Time a request spent in the database.", ["route"], buckets=SECONDS
)
QUERIES_PER_REQUEST = Histogram(
    "bihuan_request_queries", "Statements a request sent to the database.", ["route"], buckets=QUERIES
)
LOGINS = Counter("bihuan_logins", "Logins by outcome.", ["outcome"])
JOBS = Histogram(
    "bihuan_job_duration_seconds",
    "Time a background job ran, by task and outcome.",
    ["task", "outcome"],
    buckets=JOB_SECONDS,
)
ROUNDS = Histogram(
    "bihuan_round_duration_seconds",
    "Time a periodic round of the worker took.",
    ["round", "outcome"],
    buckets=SECONDS,
)

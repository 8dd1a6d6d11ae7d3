"""What the archive holds and how database rows become archive rows. Pure text: no Django, no database.

Two data sets of Parquet files. `events`: one row per ledger line and per visit, wide enough for every statistic,
with the exact amounts the figures count (`found`, `closed` … are the change this line makes, so sums are exact).
`audit`: the sealed record, column by column, so that its chains can still be checked.

Files lie under `region=<city code>/month=<YYYY-MM>/`, the month being that in which the row was written (Beijing
time): a month that is over never changes again. The partition columns are not repeated in the files; the city is.
"""
# ruff: noqa: S608 - DuckDB is given our own file names, ids and constants only

from __future__ import annotations

from dataclasses import dataclass

EVENTS, AUDIT = "events", "audit"

EVENT_COLUMNS: dict[str, str] = {
    "event": "VARCHAR",  # line, visit
    "event_id": "BIGINT",  # of the ledger line or of the visit
    "part": "SMALLINT",  # an imported line tells two days: 0 found, 1 the state it was imported in
    "hazard_id": "BIGINT",
    "move": "VARCHAR",
    "from_status": "VARCHAR",
    "to_status": "VARCHAR",
    "round": "SMALLINT",
    "written_at": "TIMESTAMP",  # UTC, whole seconds
    "day": "DATE",  # the day figures count it on
    "city": "VARCHAR",
    "county": "VARCHAR",
    "locality": "VARCHAR",
    "department_id": "BIGINT",  # 0: none
    "kind": "VARCHAR",
    "campaign_id": "BIGINT",
    "task_id": "BIGINT",
    "source": "VARCHAR",
    "level": "VARCHAR",
    "due_on": "DATE",
    "found_on": "DATE",
    "enterprise_id": "BIGINT",
    "finder_id": "BIGINT",  # the body that found it
    "organization_id": "BIGINT",  # the body that judges it; of a visit, the body that went
    "found": "SMALLINT",
    "closed": "SMALLINT",
    "closed_late": "SMALLINT",
    "found_major": "SMALLINT",
    "closed_major": "SMALLINT",
    "overdue_starts_on": "DATE",  # from that day it counts as overdue, unless taken back
    "overdue_ends_on": "DATE",  # the promise of the line before is taken back from that day
    "days_open": "INTEGER",  # of a line that closes: days since it was found
    "visited": "SMALLINT",
    "visited_clean": "SMALLINT",
}
AUDIT_COLUMNS: dict[str, str] = {
    "event_id": "BIGINT",
    "chain": "VARCHAR",
    "seq": "INTEGER",
    "written_at": "TIMESTAMP",
    "day": "DATE",
    "act": "VARCHAR",
    "actor_id": "BIGINT",
    "actor_name": "VARCHAR",
    "actor_post": "VARCHAR",
    "summary": "VARCHAR",
    "payload": "VARCHAR",
    "content_hash": "VARCHAR",
    "previous_hash": "VARCHAR",
    "hash": "VARCHAR",
    "request_id": "VARCHAR",
    "ip": "VARCHAR",
}
COLUMNS = {EVENTS: EVENT_COLUMNS, AUDIT: AUDIT_COLUMNS}

# Beijing time has known no summer time since 1991.
_MONTH = "strftime(written_at + INTERVAL 8 HOUR, '%Y-%m')"


@dataclass(frozen=True)
class Stream:
    """One table the archive follows by id: what is read from it, and the SQL that turns it into archive rows.

    `raw` names the columns of the extract in order; all are read as text and cast in `select`, whose FROM is the
    extract under the name `raw`. `checked` are the columns a later comparison with the database may rely on:
    what belongs to the row itself, not what other rows say of it today.
    """

    name: str
    label: str
    data: str
    raw: tuple[str, ...]
    select: str
    checked: tuple[str, ...]


_LINE_RAW = (
    "id", "hazard_id", "move", "from_status", "to_status", "round", "written_at", "counted_on", "level", "due_on",
    "before_level", "before_due_on", "before_counted_on", "city", "county", "locality", "department_id", "kind",
    "campaign_id", "task_id", "source", "found_on", "enterprise_id", "finder_id", "organization_id",
)  # fmt: skip
_RUNNING = "('rectifying', 'planning', 'plan_review')"

# The same arithmetic as bihuan.hazards.deltas, in SQL; a test compares the two over a whole city.
_LINES = f"""
WITH typed AS (
    SELECT CAST(id AS BIGINT) AS event_id, CAST(hazard_id AS BIGINT) AS hazard_id, move,
        coalesce(from_status, '') AS from_status, to_status, CAST(round AS SMALLINT) AS round,
        CAST(substr(written_at, 1, 19) AS TIMESTAMP) AS written_at, CAST(counted_on AS DATE) AS counted_on, level,
        CAST(due_on AS DATE) AS due_on, before_level, CAST(before_due_on AS DATE) AS before_due_on,
        CAST(before_counted_on AS DATE) AS before_counted_on, city, county, locality,
        CAST(coalesce(department_id, '0') AS BIGINT) AS department_id, kind,
        CAST(coalesce(campaign_id, '0') AS BIGINT) AS campaign_id,
        CAST(coalesce(task_id, '0') AS BIGINT) AS task_id, source, CAST(found_on AS DATE) AS found_on,
        CAST(enterprise_id AS BIGINT) AS enterprise_id, CAST(finder_id AS BIGINT) AS finder_id,
        CAST(organization_id AS BIGINT) AS organization_id,
        CASE WHEN level = 'major' THEN 'planning' ELSE 'rectifying' END AS running
    FROM raw
), steps AS (
    SELECT *, 0 AS part, '' AS was, running AS becomes, found_on AS day,
        CAST(NULL AS VARCHAR) AS was_level, CAST(NULL AS DATE) AS was_due_on, CAST(NULL AS DATE) AS was_counted_on
    FROM typed WHERE move = 'import' AND to_status <> running
    UNION ALL
    SELECT *, CASE WHEN move = 'import' AND to_status <> running THEN 1 ELSE 0 END,
        CASE WHEN move = 'import' AND to_status <> running THEN running ELSE from_status END, to_status, counted_on,
        CASE WHEN move = 'import' THEN level ELSE before_level END,
        CASE WHEN move = 'import' THEN due_on ELSE before_due_on END, before_counted_on
    FROM typed
), counted AS (
    SELECT *,
        CAST(becomes <> 'dismissed' AS SMALLINT) AS is_found,
        CAST(was NOT IN ('', 'dismissed') AS SMALLINT) AS was_found,
        CAST(becomes = 'closed' AS SMALLINT) AS is_closed, CAST(was = 'closed' AS SMALLINT) AS was_closed,
        CAST(coalesce(becomes = 'closed' AND day > due_on, FALSE) AS SMALLINT) AS is_late,
        CAST(coalesce(was = 'closed' AND was_counted_on > was_due_on, FALSE) AS SMALLINT) AS was_late,
        CAST(level = 'major' AS SMALLINT) AS is_major,
        CAST(coalesce(was_level = 'major', FALSE) AS SMALLINT) AS was_major,
        CASE WHEN becomes IN {_RUNNING} AND due_on IS NOT NULL THEN greatest(due_on + 1, day) END AS starts_on,
        CASE WHEN was IN {_RUNNING} AND was_due_on IS NOT NULL THEN greatest(was_due_on + 1, day) END AS ends_on
    FROM steps
)
SELECT 'line' AS event, event_id, CAST(part AS SMALLINT) AS part, hazard_id, move, was AS from_status,
    becomes AS to_status, round, written_at, day, city, county, locality, department_id, kind, campaign_id, task_id, source,
    level, due_on, found_on, enterprise_id, finder_id, organization_id,
    CAST(is_found - was_found AS SMALLINT) AS found,
    CAST(is_closed - was_closed AS SMALLINT) AS closed,
    CAST(is_late - was_late AS SMALLINT) AS closed_late,
    CAST(is_found * is_major - was_found * was_major AS SMALLINT) AS found_major,
    CAST(is_closed * is_major - was_closed * was_major AS SMALLINT) AS closed_major,
    CASE WHEN starts_on IS DISTINCT FROM ends_on THEN starts_on END AS overdue_starts_on,
    CASE WHEN starts_on IS DISTINCT FROM ends_on THEN ends_on END AS overdue_ends_on,
    CASE WHEN is_closed > was_closed THEN CAST(day - found_on AS INTEGER) END AS days_open,
    CAST(0 AS SMALLINT) AS visited, CAST(0 AS SMALLINT) AS visited_clean,
    city AS region, {_MONTH} AS month
FROM counted
"""

_VISIT_RAW = (
    "id", "written_at", "inspected_on", "is_clean", "city", "county", "locality", "department_id", "kind", "campaign_id",
    "task_id", "enterprise_id", "organization_id", "visit_kind",
)  # fmt: skip
# What an enterprise looks at itself is no visit of an authority (`inspections.kinds.OWN`).
_OWN = "'delivery', 'self_check'"
_VISITS = f"""
WITH typed AS (
    SELECT *, CAST(id AS BIGINT) AS event_id, CAST(substr(raw.written_at, 1, 19) AS TIMESTAMP) AS moment FROM raw
)
SELECT 'visit' AS event, event_id, CAST(0 AS SMALLINT) AS part, CAST(0 AS BIGINT) AS hazard_id, visit_kind AS move,
    '' AS from_status, '' AS to_status, CAST(0 AS SMALLINT) AS round, moment AS written_at,
    CAST(inspected_on AS DATE) AS day, city, county, locality,
    CAST(coalesce(department_id, '0') AS BIGINT) AS department_id, kind,
    CAST(coalesce(campaign_id, '0') AS BIGINT) AS campaign_id, CAST(coalesce(task_id, '0') AS BIGINT) AS task_id,
    '' AS source, '' AS level, CAST(NULL AS DATE) AS due_on, CAST(NULL AS DATE) AS found_on,
    CAST(enterprise_id AS BIGINT) AS enterprise_id, CAST(organization_id AS BIGINT) AS finder_id,
    CAST(organization_id AS BIGINT) AS organization_id,
    CAST(0 AS SMALLINT) AS found, CAST(0 AS SMALLINT) AS closed, CAST(0 AS SMALLINT) AS closed_late,
    CAST(0 AS SMALLINT) AS found_major, CAST(0 AS SMALLINT) AS closed_major,
    CAST(NULL AS DATE) AS overdue_starts_on, CAST(NULL AS DATE) AS overdue_ends_on, CAST(NULL AS INTEGER) AS days_open,
    CAST(visit_kind NOT IN ({_OWN}) AS SMALLINT) AS visited,
    CAST(visit_kind NOT IN ({_OWN}) AND is_clean IN ('1', 't', 'true') AS SMALLINT) AS visited_clean,
    city AS region, {_MONTH.replace("written_at", "moment")} AS month
FROM typed
"""

_AUDIT_RAW = tuple("id" if name == "event_id" else name for name in AUDIT_COLUMNS)
_AUDIT = f"""
WITH typed AS (
    SELECT CAST(id AS BIGINT) AS event_id, chain, CAST(seq AS INTEGER) AS seq,
        CAST(regexp_replace(raw.written_at, '[+-][0-9:]+$', '') AS TIMESTAMP) AS written_at, CAST(day AS DATE) AS day, act,
        CAST(actor_id AS BIGINT) AS actor_id, coalesce(actor_name, '') AS actor_name,
        coalesce(actor_post, '') AS actor_post, coalesce(summary, '') AS summary, coalesce(payload, '') AS payload,
        coalesce(content_hash, '') AS content_hash, coalesce(previous_hash, '') AS previous_hash, hash,
        coalesce(request_id, '') AS request_id, coalesce(ip, '') AS ip
    FROM raw
)
SELECT *, 'all' AS region, {_MONTH} AS month FROM typed
"""

LINES = Stream(
    "lines", "隐患流转", EVENTS, _LINE_RAW, _LINES,
    # Not the amounts that follow from the line before: it may have left the database by then, itself checked here.
    ("event_id", "part", "hazard_id", "move", "from_status", "to_status", "round", "written_at", "day", "level", "due_on",
     "found", "closed"),
)  # fmt: skip
VISITS = Stream(
    "visits",
    "检查",
    EVENTS,
    _VISIT_RAW,
    _VISITS,
    ("event_id", "move", "written_at", "day", "visited", "visited_clean"),
)
ACTS = Stream("acts", "审计记录", AUDIT, _AUDIT_RAW, _AUDIT, tuple(AUDIT_COLUMNS))
STREAMS: dict[str, Stream] = {stream.name: stream for stream in (LINES, VISITS, ACTS)}


def folder(data: str, region: str, month: str) -> str:
    """Where the files of one partition lie, below the archive directory."""
    where = f"month={month}" if data == AUDIT else f"region={region}/month={month}"
    return f"{data}/{where}"


def extract_sql(stream: Stream, path: str) -> str:
    """The rows of one extract (CSV without a head) as archive rows, with `region` and `month` to divide them by."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in stream.raw)
    reader = (
        f"read_csv('{quoted(path)}', header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = '', max_line_size = 16777216, columns = {{{columns}}})"
    )
    return f"SELECT * FROM (WITH raw AS (SELECT * FROM {reader}) {stream.select.replace('WITH typed', ', typed', 1)})"


def quoted(text: str) -> str:
    """Text for use between single quotes in SQL."""
    return text.replace("'", "''")

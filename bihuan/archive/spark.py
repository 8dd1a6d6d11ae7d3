"""The same statistics on Apache Spark, for an archive larger than one machine. Needs `pyspark`, which Bihuan does not.

    SPARK_MASTER=spark://… python -m bihuan.archive.spark DIRECTORY NAME --region 53 --from 2024-01 --to 2026-12

Only files the list names are read, so a half-finished run is never seen (docs/how-to/archive.md).
"""

from __future__ import annotations

import argparse
import calendar
import csv
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bihuan.archive.catalogue import Asked, campaigns_sql, statistics
from bihuan.archive.layout import EVENTS
from bihuan.archive.manifest import load

# The settings a statistic counts on; sums beyond 64 bits and impossible casts are errors, not NULL.
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
}


def prepare(spark: Any, files: Sequence[str], *, events: str, asked: str, campaigns: str) -> None:
    """Create the relations a statistic counts on, as `process.prepare` does on DuckDB."""
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    spark.read.parquet(*files).createOrReplaceTempView("archived")
    for name, text in (("events", events), ("asked", asked), ("campaigns", campaigns)):
        spark.sql(f"CREATE OR REPLACE TEMP VIEW {name} AS {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("name", choices=sorted(statistics()))
    parser.add_argument("--region", required=True)
    parser.add_argument("--from", dest="first", required=True, help="YYYY-MM")
    parser.add_argument("--to", dest="last", required=True, help="YYYY-MM")
    options = parser.parse_args()

    from pyspark.sql import SparkSession

    first, last = dt.date.fromisoformat(f"{options.first}-01"), dt.date.fromisoformat(f"{options.last}-01")
    asked = Asked(first, last.replace(day=calendar.monthrange(last.year, last.month)[1]), options.region)
    statistic = statistics()[options.name]
    files = [
        str(options.directory / file.path)
        for file in load(options.directory).wanted(EVENTS, region=asked.region)
    ]
    spark = SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local[*]")).getOrCreate()
    try:
        prepare(
            spark, files, events=asked.events_sql("archived"), asked=asked.sql(), campaigns=campaigns_sql(())
        )
        out = csv.writer(sys.stdout)
        out.writerow([heading.name for heading in statistic.headings])
        out.writerows(spark.sql(statistic.sql).collect())
    finally:
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

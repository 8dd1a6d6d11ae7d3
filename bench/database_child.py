"""One process of the writers' race: `python -m bench.database_child ENGINE URL_OR_FILE THREADS SECONDS`.

Every thread reads a row, changes it and writes it back inside a transaction, appends a line, and pauses for a
millisecond, until the time is over. Prints the waiting times and the errors as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from pathlib import Path

COUNTERS = 500
PAUSE = (
    0.001  # seconds between two acts: a request does other things too, and no thread keeps the core to itself
)


def settings_of(engine: str, where: str) -> dict:
    """Django's settings for one contestant."""
    from bihuan.config.databases import postgresql, sqlite

    if engine == "postgresql":
        return postgresql(where, name="URL")
    found = sqlite(Path(where))
    if engine == "busy":
        found["ENGINE"] = "django.db.backends.sqlite3"
    return found


def main(engine: str, where: str, threads: int, seconds: float) -> None:
    from django.conf import settings

    settings.configure(DATABASES={"default": settings_of(engine, where)}, USE_TZ=True)
    import django

    django.setup()
    from django.db import connection, transaction
    from django.db.utils import DatabaseError

    waits: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + seconds

    def work(number: int) -> None:
        chosen = random.Random(number)
        while time.monotonic() < end:
            row = chosen.randrange(1, COUNTERS + 1)
            began = time.perf_counter()
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
                    cursor.execute(f"SELECT value FROM bench_counter WHERE id = %s{lock}", [row])
                    value = cursor.fetchone()[0]
                    cursor.execute("UPDATE bench_counter SET value = %s WHERE id = %s", [value + 1, row])
                    cursor.execute("INSERT INTO bench_line (counter_id, value) VALUES (%s, %s)", [row, value])
            except DatabaseError as error:
                errors.append(str(error))
            else:
                waits.append(time.perf_counter() - began)
            if connection.settings_dict["CONN_MAX_AGE"] == 0:
                connection.close()
            time.sleep(PAUSE)
        connection.close()

    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if connection.vendor == "postgresql":
        connection.close_pool()
    sys.stdout.write(json.dumps({"waits": waits, "errors": errors}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))

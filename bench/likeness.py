"""Near-duplicate photos among 1,000,000 perceptual hashes: the array beside a plain loop.

    python -m bench.likeness [--photos 1000000] [--questions 200]

Prints the time of filling, the memory, the median and the worst time of one question, and checks a sample of answers
against `attachments.images.distance` bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
import uuid

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")

RADIUS = 6
CHECKED = 3
LIMIT_MS = 50


def main() -> int:
    """Run the measurement; 0 when the worst of 95 % of the questions stays below the limit."""
    import django

    django.setup()
    from bihuan.attachments.images import distance
    from bihuan.attachments.likeness import HashIndex

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    rng = random.Random(11)
    rows = [(uuid.UUID(int=no), rng.getrandbits(64) - (1 << 63)) for no in range(options.photos)]
    index = HashIndex()
    begin = time.perf_counter()
    for low in range(0, len(rows), 20_000):
        index.add(rows[low : low + 20_000])
    filled = time.perf_counter() - begin
    asked = []
    for _ in range(options.questions):
        # A stored photo, saved anew: a few bits differ.
        value = rng.choice(rows)[1]
        for bit in rng.sample(range(63), rng.randrange(RADIUS)):
            value ^= 1 << bit
        asked.append(value)
    times = []
    for value in asked:
        begin = time.perf_counter()
        found = index.within(value, RADIUS)
        times.append((time.perf_counter() - begin) * 1000)
        assert found, "the photo it was made from is found"
    begin = time.perf_counter()
    for value in asked[:CHECKED]:
        plain = {pk for pk, other in rows if distance(value, other) <= RADIUS}
        assert plain == {each.attachment for each in index.within(value, RADIUS)}
    looped = (time.perf_counter() - begin) * 1000 / CHECKED
    worst = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    print(
        f"photos {options.photos}  fill {filled:.1f} s  memory {24 * options.photos / 1e6:.0f} MB  "
        f"median {statistics.median(times):.2f} ms  p95 {worst:.2f} ms  plain loop {looped:.0f} ms  "
        f"answers checked {CHECKED}"
    )
    return 0 if worst < LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())

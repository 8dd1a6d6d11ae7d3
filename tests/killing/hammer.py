"""One of many processes writing at once: `python -m tests.killing.hammer THREADS ROUNDS`.

Each thread reads, thinks and writes through the product's own actions; errors and waiting times are printed at the end.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import django

SHOP = "云溪区好味来面馆"


def main(threads: int, rounds: int) -> None:
    django.setup()
    from django.db import connection, transaction
    from django.utils import timezone

    from bihuan.accounts.models import User
    from bihuan.audit.actions import record
    from bihuan.hazards.actions import record_hazard, submit_rectification
    from bihuan.registry.models import Enterprise

    errors: list[str] = []
    waits: list[float] = []

    def work() -> None:
        try:
            inspector, shop = User.objects.get(username="inspector"), User.objects.get(username="shop")
            enterprise = Enterprise.objects.get(name=SHOP)
            for _ in range(rounds):
                began = time.perf_counter()
                hazard = record_hazard(
                    enterprise=enterprise, source="inspection", description="通道堆物", found_on=timezone.localdate(),
                    by=inspector, found_organization=inspector.main_post.organization,
                )  # fmt: skip
                submit_rectification(hazard, text="已清理", by=shop)
                # The chain of one record is the plainest read-modify-write: next number, previous hash.
                with transaction.atomic():
                    record("tests.hammer", enterprise, by=inspector, summary="一次")
                waits.append(time.perf_counter() - began)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    sys.stdout.write(json.dumps({"errors": errors, "waits": waits}))


def count() -> None:
    """How long the shared chain is, and the number its last link carries."""
    django.setup()
    from bihuan.audit.actions import chain_of
    from bihuan.audit.models import Event
    from bihuan.registry.models import Enterprise

    numbers = list(
        Event.objects.filter(chain=chain_of(Enterprise.objects.get(name=SHOP)), act="tests.hammer")
        .order_by("seq")
        .values_list("seq", flat=True)
    )
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    sys.stdout.write(json.dumps({"links": len(numbers)}))


if __name__ == "__main__":
    if sys.argv[1] == "count":
        count()
    else:
        main(int(sys.argv[1]), int(sys.argv[2]))

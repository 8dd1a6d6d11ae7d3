"""What a process does until it is killed: `python -m tests.killing.work (prepare|close|inspect|state) …`.

Each finished act prints one line, so the test knows what had been acknowledged when the process died.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import uuid
from decimal import Decimal

import django
from PIL import Image


def say(*words: object) -> None:
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def prepare(hazards: int, rows: int) -> None:
    """Migrate, build the fictional city, queue an import of `rows` enterprises, bring `hazards` before the reviewer."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command
    from django.utils import timezone

    from bihuan.accounts.tests.world import make_world
    from bihuan.attachments.imports import begin, start_batch
    from bihuan.core.sheets import Column, write_rows
    from bihuan.hazards.actions import record_hazard, submit_rectification
    from bihuan.rules.codes import make_credit_code

    call_command("migrate", verbosity=0)
    world = make_world()
    for number in range(hazards):
        hazard = record_hazard(
            enterprise=world.enterprises.shop, source="inspection", description=f"灭火器失压 {number}",
            found_on=timezone.localdate(), by=world.people.inspector, found_organization=world.organizations.qingshi,
        )  # fmt: skip
        submit_rectification(hazard, text="已更换", by=world.people.shop)
    columns = ["企业名称", "统一社会信用代码", "类型", "所在乡镇街道", "地址"]
    sheet = io.BytesIO()
    data = write_rows(
        [Column(name) for name in columns],
        (
            (
                f"云溪虚构商行{number}",
                make_credit_code(f"92539702{number:09d}"),
                "餐饮",
                "青石街道",
                f"幸福路 {number} 号",
            )
            for number in range(rows)
        ),
        title="企业",
        watermark="",
    )
    sheet.write(data)
    batch = start_batch(
        "registry.enterprise",
        SimpleUploadedFile(
            "企业.xlsx", data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        ),
        by=world.people.office,
    )
    begin(batch, batch.mapping, by=world.people.office)
    say("ready", batch.pk)


def close() -> None:
    """Close every hazard that waits, one after another."""
    from bihuan.accounts.models import User
    from bihuan.hazards.actions import reinspect
    from bihuan.hazards.models import Hazard

    reviewer = User.objects.get(username="qingshi_officer")
    for hazard in Hazard.objects.filter(status="reinspecting").order_by("pk"):
        reinspect(hazard, passed=True, by=reviewer)
        say("closed", hazard.pk)


def inspect(count: int) -> None:
    """Hand in visits with one hazard each; the ids are fixed, so handing in again is the same visit."""
    from django.utils import timezone

    from bihuan.accounts.models import User
    from bihuan.attachments.actions import store_bytes
    from bihuan.inspections.actions import submit_inspection
    from bihuan.inspections.submission import Finding, MemberGiven, SignatureGiven, Submission
    from bihuan.registry.models import Enterprise

    inspector = User.objects.get(username="inspector")
    shop = Enterprise.objects.get(name="云溪区好味来面馆")
    start = dt.datetime.combine(timezone.localdate(), dt.time(0, 5), timezone.get_current_timezone())
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "grey").save(picture, "JPEG")
    for number in range(count):
        photo = store_bytes(picture.getvalue(), "现场.jpg", "image/jpeg", "image", by=inspector)
        visit = submit_inspection(
            Submission(
                client_id=uuid.uuid5(uuid.NAMESPACE_DNS, f"visit-{number}"), kind="routine", enterprise=shop,
                started_at=start, finished_at=start + dt.timedelta(minutes=5),
                members=(MemberGiven("冯走访", inspector, "YX0001", SignatureGiven("login")),),
                accompanying_name="蒋好味", accompanying_signature=SignatureGiven("refused", remark="老板不在"),
                others=(
                    Finding(
                        description=f"插座松动 {number}", outcome="deadline", responsible_person="蒋好味", photos=(str(photo.pk),),
                        measures="更换插座", interim_measures="停用该插座", funds=Decimal(0), contingency="断电并报告",
                    ),
                ),
            ),
            by=inspector,
        )  # fmt: skip
        say("visited", visit.pk)


def state() -> None:
    """What the database says now, and whether the record proves itself."""
    from django.db.models import Count
    from django.utils import timezone

    from bihuan.attachments.models import ImportBatch
    from bihuan.audit.models import Event
    from bihuan.audit.queries import verify
    from bihuan.duties.models import Duty
    from bihuan.hazards.models import Hazard, HazardTransition
    from bihuan.inspections.models import Inspection
    from bihuan.operations.models import Heartbeat
    from bihuan.registry.models import Enterprise
    from bihuan.tally.queries import totals

    batch = ImportBatch.objects.get()
    report = verify()
    say(
        json.dumps(
            {
                "closed": list(
                    Hazard.objects.filter(status="closed").order_by("pk").values_list("pk", flat=True)
                ),
                "close_lines": list(
                    HazardTransition.objects.filter(move="close")
                    .order_by("hazard_id")
                    .values_list("hazard_id", flat=True)
                ),
                "close_events": Event.objects.filter(
                    act="hazards.close", chain__startswith="hazards.hazard:"
                ).count(),
                "review_duties_open": Duty.objects.filter(kind="hazard_review", status="open").count(),
                "waiting": Hazard.objects.filter(status="reinspecting").count(),
                "tally_closed": totals(on=timezone.localdate(), region="5397").closed,
                "tally_found": totals(on=timezone.localdate(), region="5397").found,
                "hazards": Hazard.objects.count(),
                "inspections": Inspection.objects.count(),
                "halves": Inspection.objects.annotate(signed=Count("members")).filter(signed=0).count(),
                "inspection_hazards": Hazard.objects.filter(description__startswith="插座松动").count(),
                "imported": Enterprise.objects.filter(name__startswith="云溪虚构商行").count(),
                "workers": Heartbeat.objects.count(),
                "batch": [batch.status, batch.processed, batch.created, batch.unchanged, len(batch.errors)],
                "findings": [str(finding) for finding in report.findings],
            },
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    django.setup()
    command, *numbers = sys.argv[1:]
    {"prepare": prepare, "close": close, "inspect": inspect, "state": state}[command](
        *(int(n) for n in numbers)
    )

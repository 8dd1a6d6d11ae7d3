"""A province for the benchmarks: 17 cities, 170 counties, over 2,000 localities, 30 departments, 50 campaigns, and as many
hazards as asked for, spread over three years with the skew real ledgers have.

`python -m bench.province --rows N` grows a prepared installation with the demo city (which becomes one of the 17) to N
hazards. The rows are made by the database itself, with the same statements on SQLite and PostgreSQL: every draw is a
whole-number hash of the row's number, so the same N always gives the same rows. Figures are then counted from the
ledger lines by the product's own `tally rebuild`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Max, Model

HISTORY_DAYS = 1095
STEP = 500_000
_PRIME = 2_147_483_647
_CITIES = "一二三四五六七八九十"
_FAULTS = (
    "连接软管长度超过两米", "未安装可燃气体报警装置", "醇基燃料桶与液化石油气瓶同室存放", "灭火器压力不足",
    "安全出口被货物堵塞", "配电箱内线路老化裸露", "气瓶间未设防爆照明", "未建立动火作业审批记录", "疏散指示标志损坏",
    "特种作业人员证书过期", "储罐液位计失灵", "压力表超期未校验", "有限空间作业未配备检测仪", "应急预案未按期演练",
    "电动自行车在楼道充电", "厨房油烟管道积垢", "危险化学品混存", "装卸区静电接地断开", "消火栓被圈占",
    "员工未经三级安全教育上岗",
)  # fmt: skip
_PLACES = ("后厨", "气瓶间", "一层楼梯口", "配电室", "东侧库房", "装卸区", "屋顶设备间", "地下一层", "值班室")


def drawn(row: str, salt: int) -> str:
    """SQL for a whole number in [0, 2³¹−1) that looks random in `row` and in `salt`; every product stays below 2⁶³."""
    mixed = f"(({row}) * {48271 + 2 * salt} + {salt * 7919}) % {_PRIME}"
    squared = f"(({mixed}) * ({mixed})) % {_PRIME}"
    return f"((({squared}) * 16807 + ({mixed}) * {69621 + salt}) % {_PRIME})"


def below(row: str, salt: int, limit: int | str) -> str:
    """SQL for a uniform draw in [0, limit)."""
    return f"({drawn(row, salt)} * {limit} / {_PRIME})"


def skewed(row: str, salt: int, limit: int | str) -> str:
    """SQL for a draw in [0, limit) that favours small numbers (the square of a uniform one)."""
    draw = drawn(row, salt)
    return f"(({draw} * {draw} / {_PRIME}) * {limit} / {_PRIME})"


def _plus(day: str, days: str) -> str:
    if connection.vendor == "postgresql":
        return f"(({day})::date + ({days})::int)"
    return f"date({day}, (CAST({days} AS TEXT) || ' days'))"


def _series(first: int, last: int) -> str:
    if connection.vendor == "postgresql":
        return f"SELECT i FROM generate_series({first}::bigint, {last}::bigint) AS made(i)"
    return f"WITH RECURSIVE made(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM made WHERE i < {last}) SELECT i FROM made"


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _insert(model: type[Model], columns: dict[str, str], source: str) -> None:
    """INSERT … SELECT of these columns; every other that may not be empty gets what the model gives it by default."""
    given = {**_defaults(model), **columns}
    _run(
        f"INSERT INTO {model._meta.db_table} ({', '.join(given)}) SELECT {', '.join(given.values())} {source}"
    )


def _defaults(model: type[Model]) -> dict[str, str]:
    literals = {}
    for field in model._meta.concrete_fields:
        if field.null or field.primary_key:
            continue
        value = field.get_default()
        if isinstance(value, (dict, list)):
            literals[field.column] = f"'{json.dumps(value)}'"
        elif isinstance(value, bool):
            literals[field.column] = str(value).upper()
        elif isinstance(value, (str, int)):
            literals[field.column] = f"'{value}'" if isinstance(value, str) else str(value)
    return literals


def _rows(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


# --- who and where -----------------------------------------------------------------------------------


def build_province() -> None:
    """Regions, organizations, the provincial office and 50 campaigns; once."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from bihuan.accounts.models import Holding, Organization, Post, Region, User
    from bihuan.accounts.roles import Role
    from bihuan.demo.cast import PASSWORD

    if Region.objects.filter(pk="53").exists():
        return
    today = timezone.localdate()
    with transaction.atomic():
        province = Region.objects.create(code="53", name="示范省", short_name="示范省", kind="province")
        Region.objects.filter(pk="5397").update(parent=province)
        regions: list[Region] = []
        for number in range(16):
            city = f"{5380 + number}"
            name = f"示范{_ordinal(number + 1)}市"
            regions.append(Region(code=city, name=name, short_name=name, kind="city", parent_id="53"))
            for second in range(10):
                county = f"{city}{second + 21:02d}"
                label = f"{name[2:-1]}{_CITIES[second]}县"
                regions.append(
                    Region(code=county, name=label, short_name=label, kind="county", parent_id=city)
                )
                for third in range(12):
                    town = f"{label[:-1]}{_ordinal(third + 1)}镇"
                    regions.append(
                        Region(
                            code=f"{county}{third + 101:03d}",
                            name=town,
                            short_name=town,
                            kind="township",
                            parent_id=county,
                        )
                    )
        Region.objects.bulk_create(regions)
        made = [
            _body(f"{region.name}安全生产委员会办公室", region) for region in regions if len(region.code) < 9
        ]
        made += [
            Organization(
                name=f"{region.name}人民政府", short_name=region.short_name, kind="locality", region=region
            )
            for region in regions
            if len(region.code) == 9
        ]
        made.append(_body("示范省安全生产委员会办公室", province))
        have = Organization.objects.filter(kind="department").count()
        made += [
            Organization(
                name=f"示范省第{_ordinal(number + 1)}监管局",
                short_name=f"省{_ordinal(number + 1)}监管局",
                kind="department",
                region=province,
            )
            for number in range(30 - have)
        ]
        Organization.objects.bulk_create(made)
        role_of = {
            "office": Role.OFFICE_OFFICER,
            "locality": Role.LOCALITY_OFFICER,
            "department": Role.DEPARTMENT_OFFICER,
        }
        posts = [
            Post(organization=body, title="安全科科员", role=role_of[body.kind], is_default=True)
            for body in made
        ]
        Post.objects.bulk_create(posts)
        user = User.objects.create(
            username="sheng",
            full_name="方示范",
            password=make_password(PASSWORD),
            password_changed_at=timezone.now(),
        )
        chair = next(post for post in posts if post.organization.region_id == "53")
        Holding.objects.create(user=user, post=chair, from_on=today - dt.timedelta(days=HISTORY_DAYS))
        _campaigns(province, chair.organization, user, 48)


def _ordinal(number: int) -> str:
    return _CITIES[number - 1] if number <= 10 else f"十{_CITIES[number - 11]}"


def _body(name: str, region: Model) -> Model:
    from bihuan.accounts.models import Organization

    return Organization(
        name=name, short_name=name.replace("安全生产委员会办公室", "安委办"), kind="office", region=region
    )


def _campaigns(region: Model, office: Model, user: Model, total: int) -> None:
    from django.utils import timezone

    from bihuan.campaigns.models import Campaign, Phase, PlanDocument, Task

    pattern = PlanDocument.objects.order_by("pk").first()
    today = timezone.localdate()
    for number in range(total):
        title = f"第{_CITIES[number % 10]}{'轮' if number < 10 else '批'}专项整治（{number + 1}）"
        pattern.pk = None
        pattern._state.adding = True
        pattern.region, pattern.title, pattern.office = region, title, office
        pattern.save(force_insert=True)
        starts = today - dt.timedelta(days=HISTORY_DAYS - 21 * number)
        campaign = Campaign.objects.create(
            plan=pattern, region=region, office=office, title=title, short_title=title, starts_on=starts,
            ends_on=starts + dt.timedelta(days=365), published_by=user, published_at=timezone.now(),
        )  # fmt: skip
        phases = Phase.objects.bulk_create(
            Phase(
                campaign=campaign, name=name, position=position, status="pending",
                starts_on=starts + dt.timedelta(days=120 * position), ends_on=starts + dt.timedelta(days=120 * position + 119),
            )
            for position, name in enumerate(("排查", "整治", "巩固"))
        )  # fmt: skip
        Task.objects.bulk_create(
            Task(
                campaign=campaign, phase=phases[position % 3], no=f"（{_CITIES[position]}）", heading=f"整治事项{_CITIES[position]}",
                text="排查整治。", position=position, due_on=campaign.ends_on,
            )
            for position in range(8)
        )  # fmt: skip


def _numbered(name: str, columns: str, rows: str) -> int:
    """A helper table whose rows carry the numbers 0, 1, 2 … as `n`; returns how many there are."""
    _run(f"DROP TABLE IF EXISTS bench_{name}")
    _run(
        f"CREATE TABLE bench_{name} AS SELECT (row_number() OVER (ORDER BY {columns.split(',')[0]})) - 1 AS n, {columns} FROM ({rows}) AS picked"
    )
    _run(f"CREATE UNIQUE INDEX bench_{name}_n ON bench_{name} (n)")
    return int(_rows(f"SELECT count(*) FROM bench_{name}")[0][0])


def _helpers() -> dict[str, int]:
    faults = " UNION ALL ".join(
        f"SELECT '{fault}，位于{place}' AS words, '{place}' AS place"
        for fault in _FAULTS
        for place in _PLACES
    )
    city = "CASE WHEN parent_id IS NULL OR length(code) <= 4 THEN code ELSE substr(code, 1, 4) END"
    return {
        "place": _numbered(
            "place",
            "code, city, county, organization_id",
            f"SELECT r.code, {city.replace('code', 'r.code').replace('parent_id', 'r.parent_id')} AS city, substr(r.code, 1, 6) AS county, "
            "min(o.id) AS organization_id FROM accounts_region r JOIN accounts_organization o ON o.region_id = r.code AND o.kind = 'locality' "
            "WHERE r.kind IN ('township', 'zone') GROUP BY r.code, r.parent_id",
        ),
        "department": _numbered(
            "department", "id", "SELECT id FROM accounts_organization WHERE kind = 'department'"
        ),
        "kind": _numbered("kind", "key", "SELECT key FROM registry_enterprisekind"),
        "task": _numbered("task", "id, campaign_id", "SELECT id, campaign_id FROM campaigns_task"),
        "words": _numbered("words", "words, place", faults),
    }


# --- whom and what -----------------------------------------------------------------------------------


def grow_enterprises(total: int, sizes: dict[str, int]) -> tuple[int, int]:
    """Enterprises of the province until there are `total`; returns the first id of ours and how many there are."""
    from bihuan.registry.models import Enterprise

    known = Enterprise.objects.filter(remark="bench").order_by("pk").values_list("pk", flat=True)
    have = known.count()
    first = (Enterprise.objects.aggregate(top=Max("pk"))["top"] or 0) + 1
    start = known.first() or first
    if have < total:
        now = "CURRENT_TIMESTAMP"
        columns = {
            "id": "i",
            "name": "'示范单位' || CAST(i AS TEXT) || '号'",
            "code_unchecked": "TRUE",
            "code_unchecked_reason": "''",
            "kind_id": "k.key",
            "department_id": "d.id",
            "city_id": "p.city",
            "county_id": "p.county",
            "locality_id": "p.code",
            "address": "'示范路' || CAST(i AS TEXT) || '号'",
            "risk": f"CASE {below('i', 4, 10)} WHEN 0 THEN 'red' WHEN 1 THEN 'orange' WHEN 2 THEN 'orange' WHEN 3 THEN 'blue' ELSE 'yellow' END",
            "status": "'operating'",
            "remark": "'bench'",
            "created_at": now,
            "updated_at": now,
        }
        last = start + total - 1
        _insert(
            Enterprise,
            columns,
            f"FROM ({_series(start + have, last)}) AS s "
            f"JOIN bench_place p ON p.n = {skewed('i', 1, sizes['place'])} "
            f"JOIN bench_kind k ON k.n = {skewed('i', 2, sizes['kind'])} "
            f"JOIN bench_department d ON d.n = {skewed('i', 3, sizes['department'])}",
        )
        _continue_numbers("registry_enterprise")
    return int(start), total


def _lookup(enterprises: tuple[int, int]) -> str:
    first, total = enterprises
    return f"{first} + {skewed('i', 11, total)}"


def grow_hazards(first: int, last: int, enterprises: tuple[int, int], sizes: dict[str, int]) -> None:
    """Hazards `first` to `last` by number, each with its ledger lines and, while it is open, its duty."""
    from django.utils import timezone

    from bihuan.accounts.models import User
    from bihuan.hazards.models import Hazard

    today = timezone.localdate()
    author = User.objects.get(username="jiedao").pk
    day0 = f"'{today - dt.timedelta(days=HISTORY_DAYS)}'"
    draw = drawn("i", 12)
    # More in later years: the distance from today is the square of a uniform draw.
    found = _plus(day0, f"{HISTORY_DAYS} - ({draw} * {draw} / {_PRIME}) * {HISTORY_DAYS} / {_PRIME}")
    allowed = f"CASE {below('i', 13, 5)} WHEN 0 THEN 7 WHEN 1 THEN 30 ELSE 15 END"
    took = skewed("i", 14, 45)
    noon = "::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '12 hours'" if _pg() else " || ' 04:00:00'"
    inner = (
        f"SELECT i, {_lookup(enterprises)} AS enterprise, {found} AS found_on, {allowed} AS allowed, {took} AS took, "
        f"{below('i', 15, 1000)} AS fate, {below('i', 16, 100)} AS grade, {below('i', 17, sizes['task'])} AS task, "
        f"{below('i', 18, 10)} AS general, {below('i', 19, sizes['words'])} AS words, {below('i', 20, 100)} AS source "
        f"FROM ({_series(first, last)}) AS s"
    )
    closed = f"(fate >= 8 AND {_plus('found_on', 'took')} <= '{today}')"
    major = "(grade = 0)"
    columns = {
        "id": "i",
        "enterprise_id": "e.id",
        "kind_id": "e.kind_id",
        "campaign_id": "CASE WHEN general < 2 THEN NULL ELSE t.campaign_id END",
        "task_id": "CASE WHEN general < 2 THEN NULL ELSE t.id END",
        "department_id": "e.department_id",
        "city_id": "e.city_id",
        "county_id": "e.county_id",
        "locality_id": "e.locality_id",
        "source": "CASE WHEN source < 70 THEN 'inspection' WHEN source < 85 THEN 'self_check' WHEN source < 90 THEN 'oversight' "
        "WHEN source < 95 THEN 'tip' WHEN source < 98 THEN 'expert' ELSE 'monitoring' END",
        "level": f"CASE WHEN {major} THEN 'major' ELSE 'general' END",
        "criterion_code": "''",
        "status": f"CASE WHEN {closed} THEN 'closed' WHEN {major} THEN 'planning' WHEN fate % 3 = 0 AND NOT {major} THEN 'reinspecting' ELSE 'rectifying' END",
        "round": "1",
        "description": "w.words || CASE WHEN fate = 500 THEN '，编号' || CAST(i AS TEXT) ELSE '' END",
        "location": "w.place",
        "basis": "''",
        "found_on": "found_on",
        "found_at": f"found_on{noon}",
        "found_by_id": f"{author}",
        "found_organization_id": "p.organization_id",
        "reviewing_organization_id": "p.organization_id",
        "due_on": _plus("found_on", "allowed"),
        "clock": "'{}'",
        "responsible_person": "''",
        "measures": "''",
        "contingency": "''",
        "interim_measures": "''",
        "fixed_on_spot": "FALSE",
        "is_supervised": "FALSE",
        "closed_on": f"CASE WHEN {closed} THEN {_plus('found_on', 'took')} END",
        "closed_at": f"CASE WHEN {closed} THEN {_plus('found_on', 'took')}{noon} END",
    }
    _insert(
        Hazard,
        columns,
        f"FROM ({inner}) AS h "
        "JOIN registry_enterprise e ON e.id = h.enterprise JOIN bench_task t ON t.n = h.task "
        "JOIN bench_words w ON w.n = h.words JOIN bench_place p ON p.code = e.locality_id",
    )
    _lines(first, last, author)
    _duties(first, last)


def _pg() -> bool:
    return connection.vendor == "postgresql"


def _lines(first: int, last: int, author: int) -> None:
    """Found, handed in, closed: what the open and the closed ones have behind them."""
    start = "CASE WHEN level = 'major' THEN 'planning' ELSE 'rectifying' END"
    of = f"FROM hazards_hazard WHERE id BETWEEN {first} AND {last}"
    columns = "hazard_id, move, from_status, to_status, round, reason, evidence, by_id, at, level, due_on, counted_on, edition"
    tail = f"1, '', '', {author}"
    _run(
        f"INSERT INTO hazards_hazardtransition ({columns}) "
        f"SELECT id, 'record', '', {start}, {tail}, found_at, level, due_on, found_on, 2 {of}"
    )
    _run(
        f"INSERT INTO hazards_hazardtransition ({columns}) "
        f"SELECT id, 'submit', 'rectifying', 'reinspecting', {tail}, found_at, level, due_on, found_on, 2 {of} "
        "AND status = 'reinspecting'"
    )
    _run(
        f"INSERT INTO hazards_hazardtransition ({columns}) "
        f"SELECT id, CASE WHEN level = 'major' THEN 'close_major' ELSE 'close' END, {start}, 'closed', {tail}, closed_at, level, due_on, "
        f"closed_on, 2 {of} AND status = 'closed'"
    )


def _duties(first: int, last: int) -> None:
    from bihuan.duties.models import Duty

    columns = {
        "kind": "CASE h.status WHEN 'reinspecting' THEN 'hazard_review' WHEN 'planning' THEN 'major_plan' ELSE 'hazard_rectify' END",
        "title": "'办理隐患：' || h.description",
        "subject": "'hazards.hazard:' || CAST(h.id AS TEXT)",
        "url": "'/hazards/' || CAST(h.id AS TEXT) || '/'",
        "status": "'open'",
        "opened_at": "h.found_at",
        "due_on": "h.due_on",
        "clock": "'{}'",
        "ladder": "CASE WHEN h.level = 'major' THEN 'hazard.major' ELSE 'default' END",
        "steps_taken": "0",
        "city_id": "h.city_id",
        "county_id": "h.county_id",
        "locality_id": "h.locality_id",
        "organization_id": "h.reviewing_organization_id",
        "post_id": "p.id",
    }
    _insert(
        Duty,
        columns,
        "FROM hazards_hazard h "
        "JOIN accounts_post p ON p.organization_id = h.reviewing_organization_id AND p.is_default AND p.is_active "
        f"WHERE h.id BETWEEN {first} AND {last} AND h.status <> 'closed'",
    )


def _continue_numbers(table: str) -> None:
    if _pg():
        _run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


@contextmanager
def without_indexes(*models: type[Model]) -> Iterator[None]:
    """Drop the models' own indexes while rows stream in, and build them again afterwards."""
    indexes = [(model, index) for model in models for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    try:
        yield
    finally:
        if _pg():
            _run("SET maintenance_work_mem = '1GB'")
        for model, index in indexes:
            with connection.schema_editor() as editor:
                editor.add_index(model, index)


def grow(total: int) -> dict[str, float]:
    """Grow the ledger to `total` hazards; returns the seconds each part took."""
    from bihuan.hazards.models import Hazard

    build_province()
    sizes = _helpers()
    enterprises = grow_enterprises(max(2_000, total // 33), sizes)
    # What the demo itself entered has other numbers: count by the range of ours.
    have = int(_rows("SELECT count(*) FROM hazards_hazard")[0][0])
    first = (Hazard.objects.aggregate(top=Max("pk"))["top"] or 0) + 1
    last = first + total - have - 1
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    with without_indexes(Hazard):
        if _pg():
            _run("SET work_mem = '256MB'")
        for begin in range(first, last + 1, STEP):
            with transaction.atomic():
                grow_hazards(begin, min(begin + STEP - 1, last), enterprises, sizes)
            _say(f"{min(begin + STEP - 1, last) - first + 1:,} rows, {time.perf_counter() - started:.0f} s")
        _continue_numbers("hazards_hazard")
        seconds["rows"] = time.perf_counter() - started
        started = time.perf_counter()
    seconds["indexes"] = time.perf_counter() - started
    started = time.perf_counter()
    _run("VACUUM ANALYZE" if _pg() else "ANALYZE")
    seconds["analyze"] = time.perf_counter() - started
    for name, action in (("tally", _count), ("search", _index_words)):
        started = time.perf_counter()
        action()
        seconds[name] = time.perf_counter() - started
        _say(f"{name}: {seconds[name]:.0f} s")
    return seconds


def _count() -> None:
    from bihuan.tally.rebuild import rebuild

    rebuild()


def _index_words() -> None:
    from django.core.management import call_command

    call_command("search", "rebuild", verbosity=0)


def _say(text: str) -> None:
    sys.stderr.write(f"province: {text}\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.province")
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
    django.setup()
    seconds = grow(options.rows)
    sys.stdout.write(", ".join(f"{name} {value:.0f} s" for name, value in seconds.items()) + "\n")


if __name__ == "__main__":
    main()

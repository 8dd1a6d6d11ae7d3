"""What is measured and written down of a request and of a job, and who may read it."""

from __future__ import annotations

import io
import ipaddress
import json
import logging
import re
import subprocess
import sys
from logging.config import DictConfigurator
from pathlib import Path

import pytest
import structlog
import yaml
from django.conf import settings as django_settings
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from django_tasks import task
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, multiprocess
from prometheus_client.parser import text_string_to_metric_families

from bihuan.accounts.queries import service_user
from bihuan.audit.actions import record
from bihuan.audit.models import Event
from bihuan.config.server import _counting
from bihuan.operations import heartbeat
from bihuan.operations.metrics import instruments
from bihuan.operations.metrics.gauges import HouseCollector
from bihuan.operations.models import Heartbeat

ROOT = Path(__file__).resolve().parents[3]
QUEUE = {"default": {"BACKEND": "bihuan.operations.jobs.DatabaseBackend", "QUEUES": ["default", "long"]}}


@pytest.fixture
def lines():
    """What our own loggers write, as the handler of the settings would."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    wanted = dict(django_settings.LOGGING["formatters"]["json"])
    handler.setFormatter(DictConfigurator(django_settings.LOGGING).configure_formatter(wanted))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.removeHandler(handler)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_request_leaves_one_line_and_one_observation(client, people, lines):
    client.force_login(people.office)
    labels = {"route": "desk:search", "method": "GET", "status": "200"}
    before = value("bihuan_request_duration_seconds_count", **labels)
    answer = client.get("/search/", {"q": "19900001234"}, headers={"X-Request-Id": "abcdef012345"})
    assert answer.status_code == 200
    assert value("bihuan_request_duration_seconds_count", **labels) == before + 1
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["route"] == "desk:search"
    assert line["request_id"] == answer["X-Request-Id"] == "abcdef012345"
    assert (line["method"], line["status"], line["user"]) == ("GET", 200, people.office.pk)
    assert line["queries"] > 0
    assert 0 < line["database_seconds"] < line["seconds"]


def test_no_personal_data_in_the_lines(client, people, lines):
    person = people.office
    client.post("/accounts/login/", {"username": person.username, "password": "wrong wrong"})
    client.force_login(person)
    client.get("/search/", {"q": f"{person.full_name} 19900001234"})
    client.get("/nowhere/19900001234/")
    logging.getLogger("bihuan.x").error("no answer from 19900001234 for wang@example.gov.cn")
    written = json.dumps(lines(), ensure_ascii=False)
    assert "request" in written
    for secret in (person.username, person.full_name, "19900001234", "wang@example", "wrong wrong"):
        assert secret not in written


def test_machines_asking_after_our_health_leave_no_line(client, db, lines):
    client.get("/healthz/")
    assert not [line for line in lines() if line["event"] == "request"]


def test_failed_logins_are_counted(client, people):
    before = value("bihuan_logins_total", outcome="failure")
    client.post("/accounts/login/", {"username": people.office.username, "password": "wrong wrong"})
    assert value("bihuan_logins_total", outcome="failure") == before + 1


# --- jobs ----------------------------------------------------------------------------------------------


@task()
def act_in_background() -> str:
    with transaction.atomic():
        record("operations.backup", service_user(), by=service_user(), summary="probe")
    return "done"


@pytest.mark.django_db(transaction=True)
def test_a_job_carries_the_request_it_came_from(lines):
    service_user()
    with override_settings(TASKS=QUEUE):
        with structlog.contextvars.bound_contextvars(request_id="abcdef012345"):
            act_in_background.enqueue()
        before = value(
            "bihuan_job_duration_seconds_count",
            task=f"{__name__}.act_in_background", outcome="successful",
        )  # fmt: skip
        Worker(
            queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
            worker_id="probe", excluded_queue_names=[],
        ).run()  # fmt: skip
    assert DBTaskResult.objects.get().return_value == "done"
    assert Event.objects.get(summary="probe").request_id == "abcdef012345"
    (line,) = [line for line in lines() if line["event"] == "job"]
    assert (line["request_id"], line["outcome"]) == ("abcdef012345", "successful")
    assert (
        value(
            "bihuan_job_duration_seconds_count",
            task=f"{__name__}.act_in_background", outcome="successful",
        )
        == before + 1
    )  # fmt: skip
    assert "request_id" not in structlog.contextvars.get_contextvars()


# --- the page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "allow", "brought", "status"),
    [
        ("", [], "", 404),
        ("secret", [], "", 404),
        ("secret", [], "Bearer wrong", 404),
        ("secret", [], "Bearer secret", 200),
        ("", ["10.1.0.0/16"], "", 404),
        ("", ["127.0.0.0/8"], "", 200),
        ("secret", ["127.0.0.0/8"], "", 404),
        ("secret", ["10.1.0.0/16"], "Bearer secret", 404),
        ("secret", ["127.0.0.0/8"], "Bearer secret", 200),
    ],
)
def test_who_may_scrape(client, db, settings, token, allow, brought, status):
    settings.METRICS_TOKEN = token
    settings.METRICS_ALLOW = [ipaddress.ip_network(each) for each in allow]
    assert client.get("/metrics", headers={"Authorization": brought} if brought else {}).status_code == status


def test_the_page_is_what_prometheus_reads(client, world):
    heartbeat.timed("fold", lambda: None)
    heartbeat.beat("machine/1/2", started_at=timezone.now())
    families = {
        family.name: family
        for family in text_string_to_metric_families(client.get("/metrics").content.decode())
    }
    assert families["bihuan_jobs"].samples[0].labels == {"state": "ready"}
    assert families["bihuan_pending_deltas"].samples[0].value == 0
    assert families["bihuan_fold_lag_seconds"].samples[0].value < 60
    assert families["bihuan_disk_free_bytes"].samples[0].value > 0
    assert families["bihuan_backup_age_seconds"].samples[0].value == float("inf")


def known_names() -> set[str]:
    """Every name a scrape can have, by the suffixes of its type."""
    suffixes = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}
    own = [vars(instruments)[name] for name in dir(instruments)]
    found = [(each._name, each._type) for each in own if isinstance(each, Counter | Histogram)]
    found += [(family.name, family.type) for family in HouseCollector().collect()]
    return {name + suffix for name, kind in found for suffix in suffixes[kind]}


def test_every_metric_named_in_the_dashboard_and_the_alerts_exists(world):
    texts = {}
    dashboard = json.loads((ROOT / "deploy/grafana/bihuan.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            texts[f"{panel['title']} {target['refId']}"] = target["expr"]
    rules = yaml.safe_load((ROOT / "deploy/prometheus/bihuan-alerts.yml").read_text("utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert {"summary", "remedy"} <= rule["annotations"].keys()
        texts[rule["alert"]] = rule["expr"]
    known = known_names()
    named = {(where, name) for where, text in texts.items() for name in re.findall(r"\bbihuan_\w+", text)}
    assert len(texts) > 25
    assert {pair for pair in named if pair[1] not in known} == set()
    # And nothing is measured that nobody looks at.
    looked_at = " ".join(texts.values())
    assert {
        name
        for name in known
        if name.removesuffix("_sum").removesuffix("_count").removesuffix("_bucket") not in looked_at
    } <= {name for name in known if name.startswith(("bihuan_job_duration", "bihuan_round_duration"))}


def test_several_processes_add_up(tmp_path, monkeypatch):
    """Two processes that share a directory are one instance to Prometheus."""
    code = "from bihuan.operations.metrics.instruments import LOGINS; LOGINS.labels(outcome='failure').inc()"
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code], check=True, cwd=ROOT,
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(tmp_path))
    assert registry.get_sample_value("bihuan_logins_total", {"outcome": "failure"}) == 2


def test_counting_begins_at_zero_with_each_start(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    directory = Path(_counting("8000")["PROMETHEUS_MULTIPROC_DIR"])
    (directory / "counter_1.db").write_bytes(b"old")
    assert Path(_counting("8000", fresh=False)["PROMETHEUS_MULTIPROC_DIR"]) == directory
    assert list(directory.iterdir()) != []
    _counting("8000")
    assert list(directory.iterdir()) == []
    settings.METRICS_ALLOW = []
    assert "PROMETHEUS_MULTIPROC_DIR" not in _counting("8000")


# --- heartbeats ----------------------------------------------------------------------------------------


def test_a_round_that_fails_is_remembered_with_its_last_success(db):
    heartbeat.timed("probe", lambda: None)

    def fail() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        heartbeat.timed("probe", fail)
    heartbeat.beat("machine/1/2", started_at=timezone.now())
    last = Heartbeat.objects.get().rounds["probe"]
    assert last["error"] == "ValueError"
    assert last["success_at"] <= last["at"]

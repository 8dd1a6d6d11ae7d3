"""Lists from a real streaming replica: one's own writes at once, paused, gone and breaking off included."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.accounts.tests.world import make_world
from bihuan.config.replica import COOKIE, LISTS
from bihuan.core import replica

ROOT = Path(settings.BASE_DIR)
on_postgres = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no replica"),
]
LEDGER = "/hazards/"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Cluster:
    """A replica of the cluster the tests run on."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port

    def run(self, *words: str) -> None:
        subprocess.run([str(ROOT / "scripts/postgres"), *words], check=True, capture_output=True, timeout=60)

    def start(self) -> None:
        self.run("replica", str(self.home), str(self.port), str(connection.settings_dict["PORT"]))

    def kill(self) -> None:
        pid = int((self.home / "data/postmaster.pid").read_text().split()[0])
        subprocess.run(["kill", "-9", str(pid)], check=True)

    def stop(self) -> None:
        subprocess.run(
            [str(ROOT / "scripts/postgres"), "stop", str(self.home)], capture_output=True, timeout=60
        )

    def ask(self, sql: str) -> object:
        if connections["replica"].connection is None:
            # Django's tests refuse to open databases that were not there when the test began.
            connections["replica"].connect()
        with connections["replica"].cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def catch_up(self) -> None:
        """Return when it has replayed everything and this process knows."""
        wanted = replica.position()
        while self.ask(f"SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') < {wanted}"):
            connection.cursor().execute("SELECT pg_switch_wal()")
        while not replica.watch.is_usable(0):
            connection.cursor().execute("SELECT txid_current()")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="bihuan-replica-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def cluster(home: Path, transactional_db: None) -> Iterator[Cluster]:
    """Two clusters, one following the other, and settings that name both."""
    made = Cluster(Path(tempfile.mkdtemp(dir=home)), free_port())
    made.home.chmod(0o755)
    make_world()
    made.start()
    options = dict(connection.settings_dict["OPTIONS"]) | {"connect_timeout": "2"}
    options.pop("pool", None)
    connections.settings["replica"] = connection.settings_dict | {
        "HOST": "127.0.0.1", "PORT": made.port, "OPTIONS": options, "CONN_MAX_AGE": 600,
    }  # fmt: skip
    replica.watch.reset()
    with override_settings(DATABASE_ROUTERS=["bihuan.core.replica.ReplicaRouter"]):
        made.catch_up()
        yield made
    connections["replica"].close()
    del connections["replica"]
    del connections.settings["replica"]
    replica.watch.reset()
    made.stop()


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def save_view(client: Client, name: str) -> None:
    answer = client.post(
        reverse("accounts:saved_view"), {"name": name, "page": "hazards:ledger", "query": "state=open"}
    )
    assert answer.status_code in (200, 302)


def read(client: Client) -> tuple[str, int]:
    """The ledger page and how many of its queries went to the replica, the look at its position aside."""
    with CaptureQueriesContext(connections["replica"]) as captured:
        answer = client.get(LEDGER)
    assert answer.status_code == 200
    return answer.content.decode(), sum("pg_last_wal_replay_lsn" not in query["sql"] for query in captured)


class TestReplica:
    pytestmark = on_postgres

    def test_a_list_reads_from_it_and_a_page_that_decides_does_not(self, cluster):
        client = signed_in("inspector")
        cluster.catch_up()
        assert read(client)[1] > 3
        with CaptureQueriesContext(connections["replica"]) as captured:
            client.get(reverse("hazards:create"))
        assert len(captured) == 0

    def test_ones_own_write_is_read_at_once_while_it_is_paused(self, cluster):
        writer, same_person_elsewhere = signed_in("inspector"), signed_in("inspector")
        cluster.catch_up()
        cluster.ask("SELECT pg_wal_replay_pause()::text")
        save_view(writer, "我的青石隐患")
        page, from_replica = read(writer)
        assert "我的青石隐患" in page
        assert from_replica == 0
        # The replica would not have known it, as another browser shows, which did not write.
        page, from_replica = read(same_person_elsewhere)
        assert "我的青石隐患" not in page
        assert from_replica > 3
        cluster.ask("SELECT pg_wal_replay_resume()::text")
        cluster.catch_up()
        page, from_replica = read(writer)
        assert "我的青石隐患" in page
        assert from_replica > 3

    def test_one_that_lags_too_long_is_not_used(self, cluster):
        client = signed_in("inspector")
        cluster.catch_up()
        cluster.ask("SELECT pg_wal_replay_pause()::text")
        User.objects.filter(username="inspector").update(full_name="巡查员甲")
        replica.watch._seen.append((-3600.0, replica.position()))
        assert read(client)[1] == 0
        cluster.ask("SELECT pg_wal_replay_resume()::text")

    def test_one_that_is_killed_is_done_without(self, cluster):
        client = signed_in("inspector")
        cluster.catch_up()
        assert read(client)[1] > 3
        cluster.kill()
        assert client.get(LEDGER).status_code == 200
        assert client.get(LEDGER).status_code == 200

    def test_one_that_breaks_off_in_the_middle_of_a_page_is_done_without(self, cluster, monkeypatch):
        client = signed_in("inspector")
        cluster.catch_up()
        cluster.kill()
        monkeypatch.setattr(replica.Watch, "is_usable", lambda self, after: True)
        answer = client.get(LEDGER)
        assert answer.status_code == 200

    def test_the_position_cannot_be_forged(self, cluster):
        client = signed_in("inspector")
        save_view(client, "甲")
        value, signature = client.cookies[COOKIE].value.split(":", 1)
        client.cookies[COOKIE] = f"0:{signature}"
        cluster.catch_up()
        assert read(client)[1] > 3
        assert int(value) > 0


def test_every_marked_page_exists():
    from django.urls import get_resolver

    known = set()

    def walk(resolver, spaces: tuple[str, ...]) -> None:
        for each in resolver.url_patterns:
            if hasattr(each, "url_patterns"):
                walk(each, (*spaces, each.namespace) if each.namespace else spaces)
            elif each.name:
                known.add(":".join((*spaces, each.name)))

    walk(get_resolver(), ())
    assert known >= LISTS


def test_without_a_replica_the_middleware_is_not_there(client, world):
    client.force_login(world.people.inspector)
    assert COOKIE not in client.get(LEDGER).cookies

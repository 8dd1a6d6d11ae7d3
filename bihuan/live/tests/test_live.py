"""The live process: who may listen, what is told to whom, and what happens when a session ends."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from bihuan.accounts import sessions
from bihuan.accounts.models import LoginSession, User
from bihuan.config import live as addresses
from bihuan.config.middleware import ContentSecurityPolicyMiddleware
from bihuan.hazards.tests.factories import make_hazard
from bihuan.jobs.models import Job
from bihuan.listings.models import ListingTransition
from bihuan.listings.tests.factories import listed
from bihuan.live import hub as hubs
from bihuan.live.admission import KNOWN_FOR, Door, admit, listener_of, still_open
from bihuan.live.hub import END, Full, Hub, event
from bihuan.live.watching import Notice, Round, Watcher
from bihuan.notifications.models import Message
from bihuan.returns.actions import sign_return
from bihuan.returns.tests.factories import make_period, return_of

ROOT = Path(django_settings.BASE_DIR)


def apart(story):
    """What a coroutine returns, run in a thread of its own: the browser tests leave a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, story).result()


@pytest.fixture
def cookie(client, people):
    """The Cookie header of the office's officer after a first page."""
    client.force_login(people.office)
    client.get("/")
    return f"{django_settings.SESSION_COOKIE_NAME}={client.session.session_key}"


class TestAdmission:
    def test_a_signed_in_person_is_let_in(self, cookie, people):
        assert admit(cookie, timezone.now()).user_id == people.office.pk

    @pytest.mark.parametrize("header", ["", "sessionid=", "sessionid=nobody", "=;=", "sessionid=\x00"])
    def test_nobody_else_is(self, db, header):
        assert admit(header, timezone.now()) is None

    def test_not_after_the_session_was_ended_from_afar(self, cookie, people):
        sessions.end_all(people.office)
        assert admit(cookie, timezone.now()) is None

    def test_not_when_idle_too_long(self, cookie, settings):
        LoginSession.objects.update(seen_at=timezone.now() - timezone.timedelta(hours=9))
        assert admit(cookie, timezone.now()) is None

    def test_not_an_account_that_was_switched_off(self, cookie, people):
        User.objects.filter(pk=people.office.pk).update(is_active=False)
        assert admit(cookie, timezone.now()) is None

    def test_not_before_a_new_password(self, cookie, people):
        User.objects.filter(pk=people.office.pk).update(must_change_password=True)
        assert admit(cookie, timezone.now()) is None

    def test_an_administrator_not_before_the_second_factor(self, client, people):
        client.force_login(people.sysadmin)
        client.get("/")
        header = f"{django_settings.SESSION_COOKIE_NAME}={client.session.session_key}"
        assert admit(header, timezone.now()) is None

    def test_listening_is_no_activity(self, cookie, client):
        long_ago = timezone.now() - timezone.timedelta(minutes=30)
        LoginSession.objects.update(seen_at=long_ago)
        admit(cookie, timezone.now())
        still_open([client.session.session_key], timezone.now())
        client.get("/", headers={"X-Bihuan-Background": "1"})
        assert LoginSession.objects.get().seen_at == long_ago
        client.get("/")
        assert LoginSession.objects.get().seen_at > long_ago


class TestDoor:
    def test_whoever_turns_pages_is_known_again(self, cookie, people, django_assert_max_num_queries):
        door, now = Door(), timezone.now()
        first = door.admit(cookie, now)
        with django_assert_max_num_queries(2):
            assert door.admit(cookie, now + KNOWN_FOR / 2) is first
        again = door.admit(cookie, now + KNOWN_FOR)
        assert again == first
        assert again is not first

    def test_but_not_when_the_session_is_over(self, cookie, people):
        door, now = Door(), timezone.now()
        assert door.admit(cookie, now)
        sessions.end_all(people.office)
        assert door.admit(cookie, now) is None
        assert door.admit("", now) is None


class TestWatcher:
    def look(self, *people, seconds=5):
        """A look `seconds` after the one before."""
        self.watcher = getattr(self, "watcher", None) or Watcher()
        self.now = getattr(self, "now", timezone.now()) + timezone.timedelta(seconds=seconds)
        listeners = [listener_of(person, f"key-{person.pk}") for person in people]
        return [
            (notice.user_id, notice.event, notice.data)
            for notice in self.watcher.look(listeners, self.now).notices
        ]

    def test_counts_are_told_once_and_again_when_they_change(self, people):
        office = people.office
        assert self.look(office) == [(office.pk, "inbox", {"duties": 0, "messages": 0})]
        assert self.look(office) == []
        Message.objects.create(recipient=office, title="请签收", created_at=timezone.now())
        assert self.look(office, seconds=1) == []
        assert self.look(office) == [(office.pk, "inbox", {"duties": 0, "messages": 1})]

    def test_a_new_hazard_reaches_its_own_area_only(self, world):
        street, far = world.people.qingshi_officer, world.people.outsider
        self.look(street, far)
        make_hazard(world)
        told = self.look(street, far)
        assert (street.pk, "figures", {"regions": [world.regions.qingshi.pk]}) in told
        assert far.pk not in {user_id for user_id, name, _ in told if name == "figures"}
        assert [notice for notice in self.look(street, far) if notice[1] == "figures"] == []

    def test_a_return_signed_and_a_listing_moved_reach_the_wall(self, world):
        office, far = world.people.county_office, world.people.outsider
        period = make_period(world, timezone.localdate() - timezone.timedelta(days=40))
        row = listed(world)
        self.look(office, far)
        sign_return(return_of(period, world.organizations.qingshi), by=world.people.qingshi_leader, zero=True)
        assert office.pk in {user_id for user_id, name, _ in self.look(office, far) if name == "figures"}
        assert [notice for notice in self.look(office, far) if notice[1] == "figures"] == []
        line = ListingTransition.objects.filter(listing=row).latest("pk")
        line.pk = None
        line.save(force_insert=True)
        told = {user_id for user_id, name, _ in self.look(office, far) if name == "figures"}
        assert told == {office.pk}

    def test_a_job_is_told_to_its_owner_until_it_is_done(self, people):
        office, other = people.office, people.housing
        job = Job.objects.create(
            kind="test",
            title="导入",
            owner=office,
            state="running",
            done=5,
            total=10,
            created_at=timezone.now(),
        )
        self.look(other)
        told = [notice for notice in self.look(office, other) if notice[1] == "job"]
        assert told == [(office.pk, "job", {"id": str(job.pk), "state": "running", "done": 5, "total": 10})]
        Job.objects.filter(pk=job.pk).update(state="done", done=10)
        told = [notice for notice in self.look(office, other) if notice[1] == "job"]
        assert [data["state"] for _, _, data in told] == ["done"]
        assert [notice for notice in self.look(office, other) if notice[1] == "job"] == []

    def test_queries_do_not_grow_with_listeners(self, people, django_assert_num_queries):
        self.look(people.office)
        everybody = [listener_of(person, f"key-{person.pk}") for person in vars(people).values()]
        with django_assert_num_queries(10):
            self.watcher.look(everybody, self.now + timezone.timedelta(seconds=5))
        with django_assert_num_queries(3):
            self.watcher.look(everybody, self.now + timezone.timedelta(seconds=6))

    def test_ended_sessions_are_named(self, cookie, client, people):
        listener = listener_of(people.office, client.session.session_key)
        watcher = Watcher()
        assert watcher.look([listener], timezone.now()).over == set()
        sessions.end_all(people.office)
        later = timezone.now() + timezone.timedelta(seconds=5)
        assert watcher.look([listener], later).over == {listener.session_key}


class TestHub:
    def test_limits_and_delivery(self, people, monkeypatch):
        monkeypatch.setattr(hubs, "PER_USER", 2)
        one, other = listener_of(people.office, "one"), listener_of(people.housing, "other")

        async def story():
            hub = Hub()
            hub.poller = asyncio.create_task(asyncio.sleep(60))
            first, second, third = hub.open(one), hub.open(one), hub.open(other)
            with pytest.raises(Full):
                hub.open(one)
            notices = [Notice(one.user_id, "inbox", {"duties": 1})]
            hub._deliver(Round(notices, over={"other"}))
            assert first.queue.get_nowait() == second.queue.get_nowait() == event("inbox", {"duties": 1})
            assert third.queue.get_nowait() == event("end", {})
            assert third.queue.get_nowait() == END
            assert hub.streams == {first, second}
            hub.poller.cancel()

        apart(story())

    def test_a_reader_that_does_not_read_is_cut_off(self, people):
        listener = listener_of(people.office, "one")

        async def story():
            stream = hubs.Stream(listener)
            for _ in range(hubs.BACKLOG + 1):
                stream.send("x")
            assert stream.queue.get_nowait() == END

        apart(story())


class TestAddresses:
    @pytest.fixture(autouse=True)
    def _plain(self, monkeypatch):
        for name in ("BIHUAN_LIVE", "BIHUAN_LIVE_URL", "BIHUAN_LIVE_PORT"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PORT", "8000")

    def test_beside_the_service_without_a_proxy(self):
        assert addresses.live_url("http://127.0.0.1:8000") == "http://127.0.0.1:8001/live/"

    def test_under_the_site_behind_a_proxy(self):
        assert addresses.live_url("https://anquan.example.gov.cn") == "/live/"

    def test_as_the_operator_says(self, monkeypatch):
        monkeypatch.setenv("BIHUAN_LIVE_URL", "https://live.example.gov.cn/live")
        assert addresses.live_url("https://anquan.example.gov.cn") == "https://live.example.gov.cn/live/"
        monkeypatch.setenv("BIHUAN_LIVE", "0")
        assert addresses.live_url("https://anquan.example.gov.cn") == ""

    def test_only_that_origin_may_be_connected_to(self, settings, rf):
        from django.http import HttpResponse

        def policy():
            answer = ContentSecurityPolicyMiddleware(lambda _: HttpResponse())(rf.get("/"))
            return answer["Content-Security-Policy"]

        settings.LIVE_URL = "http://127.0.0.1:8001/live/"
        assert "connect-src 'self' http://127.0.0.1:8001;" in policy()
        settings.LIVE_URL = "/live/"
        assert "connect-src 'self';" in policy()

    def test_pages_name_the_stream_only_when_there_is_one(self, client, people, settings):
        client.force_login(people.office)
        assert "data-bihuan-live=" not in client.get("/").content.decode()
        settings.LIVE_URL = "/live/"
        assert 'data-bihuan-live="/live/"' in client.get("/").content.decode()


# --- a real process ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A data directory of its own with one officer, and the live process serving it."""
    data = tmp_path_factory.mktemp("live")
    own = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "BIHUAN_DATA": str(data), "DJANGO_SETTINGS_MODULE": "bihuan.config.settings", "BIHUAN_LOG_LEVEL": "ERROR",
        "BIHUAN_PUBLIC_URL": "http://127.0.0.1:9400", "PORT": "9400",
    }  # fmt: skip
    keys = subprocess.run(
        [sys.executable, "-m", "bihuan.live.tests.prepare"],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=True,
    )
    port = 9_401
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--no-ws", "--log-level", "error", "--workers-kill-timeout", "3", "bihuan.live.app:application"],
        cwd=ROOT, env=own,
    )  # fmt: skip
    try:
        wait_for(lambda: ask(port, "/live/healthz")[0] == 200)
        yield {"port": port, "keys": json.loads(keys.stdout), "environment": own}
    finally:
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        assert time.monotonic() - started < 15


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if condition():
                return
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def ask(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


async def listen(port, key, *, until, seconds=60.0):
    """Read one stream until `until(text)`; returns what came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /live/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: sessionid={key}\r\n\r\n".encode()
    )
    text = ""
    try:
        async with asyncio.timeout(seconds):
            while not until(text) and (chunk := await reader.read(4096)):
                text += chunk.decode()
    finally:
        writer.close()
    return text


@pytest.mark.slow
@pytest.mark.sqlite
class TestProcess:
    def test_strangers_and_other_sites_stay_outside(self, house):
        assert ask(house["port"], "/live/stream")[0] == 401
        cookie = f"sessionid={house['keys'][0]}"
        assert ask(house["port"], "/live/stream", Cookie=cookie, Origin="http://elsewhere.example")[0] == 403
        status, headers, _ = ask(
            house["port"], "/live/stream", Cookie="sessionid=x", Origin="http://127.0.0.1:9400"
        )
        assert (status, headers["access-control-allow-origin"]) == (401, "http://127.0.0.1:9400")
        assert headers["access-control-allow-credentials"] == "true"
        assert ask(house["port"], "/elsewhere")[0] == 404

    def test_two_hundred_pages_hear_of_one_message(self, house):
        async def story():
            told = [
                asyncio.create_task(listen(house["port"], key, until=lambda text: '"messages":1' in text))
                for key in house["keys"][:50]
                for _ in range(4)
            ]
            while (
                json.loads((await asyncio.to_thread(ask, house["port"], "/live/healthz"))[2])["streams"] < 200
            ):
                await asyncio.sleep(0.1)
            await asyncio.to_thread(act, house, "message")
            return await asyncio.gather(*told)

        texts = apart(story())
        assert len(texts) == 200
        assert all("event: inbox" in text and '"messages":1' in text for text in texts)
        assert all("text/event-stream" in text for text in texts)

    def test_a_session_ended_from_afar_ends_its_stream(self, house):
        async def story():
            heard = asyncio.create_task(
                listen(house["port"], house["keys"][60], until=lambda text: "event: end" in text)
            )
            other = asyncio.create_task(
                listen(house["port"], house["keys"][61], until=lambda text: "event: end" in text, seconds=8)
            )
            await asyncio.sleep(1)
            await asyncio.to_thread(act, house, "revoke")
            ended = await heard
            with pytest.raises(TimeoutError):
                await other
            return ended

        assert "event: end" in apart(story())
        assert ask(house["port"], "/live/stream", Cookie=f"sessionid={house['keys'][60]}")[0] == 401

    def test_a_seventh_page_of_one_person_is_refused(self, house):
        async def story():
            key = house["keys"][70]
            pages = [
                asyncio.create_task(
                    listen(house["port"], key, until=lambda text: "never" in text, seconds=30)
                )
                for _ in range(6)
            ]
            while (
                json.loads((await asyncio.to_thread(ask, house["port"], "/live/healthz"))[2])["streams"] < 6
            ):
                await asyncio.sleep(0.1)
            status, _, _ = await asyncio.to_thread(
                ask, house["port"], "/live/stream", Cookie=f"sessionid={key}"
            )
            for page in pages:
                page.cancel()
            return status

        wait_for(lambda: json.loads(ask(house["port"], "/live/healthz")[2])["streams"] == 0)
        assert apart(story()) == 429


def act(house, what):
    subprocess.run(
        [sys.executable, "-m", "bihuan.live.tests.prepare", what],
        cwd=ROOT,
        env=house["environment"],
        check=True,
    )


def test_without_the_process_pages_are_pages(client: Client, people, settings):
    """The page needs nothing of it: counts stand in the HTML, the script polls."""
    settings.LIVE_URL = "http://127.0.0.1:1/live/"
    client.force_login(people.office)
    text = client.get("/").content.decode()
    assert 'data-bihuan-count="duties"' in text
    assert 'id="home-stats" data-bihuan-live-part' in text

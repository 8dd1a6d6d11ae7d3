"""A job runs, stops, goes on, is taken over, is lost and found; its owner sees it and nobody else."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.tests.world import make_world
from bihuan.core.errors import IllegalMove, Refused
from bihuan.jobs import actions, results, running
from bihuan.jobs.models import Job
from bihuan.notifications.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def kind(monkeypatch):
    """A job that counts to its total by tens, keeping where it is; `at` may do something at a number."""
    at = {}

    def run(progress):
        done = progress.checkpoint.get("done", 0)
        progress.begin("数数", total=100, done=done)
        while done < 100:
            done += 10
            if done in at:
                at[done](progress)
            progress.step(done, {"done": done})
        results.result_path(progress.job).write_bytes(b"a hundred")
        progress.job.result_name, progress.job.result_type = "结果.txt", "text/plain"
        return f"数到 {done}"

    monkeypatch.setattr(running, "_KINDS", {})
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    running.register(running.Kind("count", "数数", run, lambda job: f"数到 {job.done} 为止"))
    return at


@pytest.fixture
def begin(world, django_capture_on_commit_callbacks):
    def begin(**more):
        with django_capture_on_commit_callbacks(execute=True):
            job = actions.start("count", title="数到一百", by=world.people.office, parameters={}, **more)
        job.refresh_from_db()
        return job

    return begin


def test_it_runs_to_its_end_and_leaves_a_file(begin, kind, client, world):
    job = begin()
    assert (job.state, job.done, job.total, job.message, job.attempts) == ("done", 100, 100, "数到 100", 1)
    assert job.result_size == 9
    assert job.expires_at - job.finished_at == dt.timedelta(days=7)
    client.force_login(world.people.office)
    taken = client.get(reverse("jobs:result", args=[job.pk]))
    assert b"".join(taken.streaming_content) == b"a hundred"
    client.force_login(world.people.housing)
    for name in ("detail", "state", "result"):
        assert client.get(reverse(f"jobs:{name}", args=[job.pk])).status_code == 404


def test_stopped_it_says_how_far_it_came_and_goes_on_from_there(
    begin, kind, world, django_capture_on_commit_callbacks
):
    kind[40] = lambda progress: Job.objects.update(cancel_wanted=True)
    job = begin()
    assert (job.state, job.done, job.message, job.checkpoint) == ("stopped", 40, "数到 40 为止", {"done": 40})
    del kind[40]
    started = []
    kind[50] = lambda progress: started.append(progress.job.done)
    with django_capture_on_commit_callbacks(execute=True):
        actions.resume(job, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, job.done, started) == ("done", 100, [40])
    with pytest.raises(IllegalMove):
        actions.resume(job, by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.cancel(job, by=world.people.office)


def test_nobody_else_stops_it(begin, kind, world):
    job = begin()
    with pytest.raises(PermissionDenied):
        actions.cancel(job, by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.resume(job, by=world.people.housing)


def test_a_job_that_waits_stops_at_once(kind, world):
    job = actions.start("count", title="数", by=world.people.office, parameters={})
    actions.cancel(job, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, job.message) == ("stopped", "数到 0 为止")


def test_what_goes_wrong_is_said_and_can_be_gone_on_with(begin, kind):
    def refuse(progress):
        raise Refused("存储空间不足，请清理后继续")

    kind[20] = refuse
    assert (begin().state, Job.objects.get().message) == ("failed", "存储空间不足，请清理后继续")

    def break_down(progress):
        raise ZeroDivisionError

    kind[20] = break_down
    Job.objects.all().delete()
    job = begin()
    assert job.state == "failed"
    assert "做到第 10 行时出错" in job.message


def test_the_second_runner_goes_on_and_the_first_leaves_it_alone(begin, kind):
    def another_takes_over(progress):
        del kind[60]
        running.run_job.call(str(progress.job.pk))

    kind[60] = another_takes_over
    job = begin()
    assert (job.state, job.attempts, job.message) == ("done", 2, "数到 100")


def test_a_worker_that_shuts_down_hands_the_job_back(begin, kind, monkeypatch):
    enqueued = []
    kind[30] = lambda progress: running.stopping.set()
    real = running.enqueue
    monkeypatch.setattr(running, "enqueue", lambda job: enqueued.append(job.pk))
    try:
        job = begin()
    finally:
        running.stopping.clear()
    monkeypatch.setattr(running, "enqueue", real)
    assert (job.state, job.checkpoint, job.attempts, enqueued) == ("waiting", {"done": 30}, 0, [job.pk])


def test_lost_jobs_are_found_and_given_up_after_five_times(kind, world, django_capture_on_commit_callbacks):
    job = actions.start("count", title="数", by=world.people.office, parameters={})
    now = timezone.now()
    assert actions.tidy(now) == 0
    later = now + dt.timedelta(minutes=5)
    Job.objects.update(state="running", attempts=5)
    assert actions.tidy(later) == 1
    job.refresh_from_db()
    assert job.state == "failed"
    Job.objects.update(state="running", attempts=2, finished_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.tidy(later) == 1
    job.refresh_from_db()
    assert job.state == "done"


def test_results_expire_and_old_jobs_are_forgotten(begin, kind):
    job = begin()
    actions.tidy(job.finished_at + dt.timedelta(days=8))
    job.refresh_from_db()
    assert (job.result_name, job.expires_at) == ("", None)
    assert not results.result_path(job).exists()
    actions.tidy(job.finished_at + dt.timedelta(days=181))
    assert not Job.objects.exists()


def test_whoever_waited_long_is_told(begin, kind, world, monkeypatch):
    monkeypatch.setattr(running, "LONG_SECONDS", 0)
    job = begin()
    message = Message.objects.get(recipient=world.people.office)
    assert (message.title, message.body, message.url) == ("数到一百：已完成", "数到 100", f"/jobs/{job.pk}/")


def test_the_page_asks_every_second_until_it_is_over(kind, world, client):
    job = actions.start("count", title="数到一百", by=world.people.office, parameters={}, total=100)
    client.force_login(world.people.office)
    url = reverse("jobs:state", args=[job.pk])
    waiting = client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert f'hx-get="{url}"' in waiting
    # Asking must not keep a forgotten session alive.
    assert """hx-headers='{"X-Bihuan-Background": "1"}'""" in waiting
    assert "排队等候" in waiting
    Job.objects.update(state="running", done=42, stage="数数", moved_at=timezone.now())
    assert "剩余时间正在估算" in client.get(url).content.decode()
    Job.objects.update(remaining=130.0, rate=0.4, moved_at=timezone.now())
    said = client.get(url).content.decode()
    assert "还需约 2 分钟" in said
    assert '<progress id="job-progress" value="42" max="100">42%</progress>' in said
    Job.objects.update(total=0, moved_at=timezone.now())
    assert "总数要到做完才知道" in client.get(url).content.decode()
    Job.objects.update(moved_at=timezone.now() - dt.timedelta(seconds=45))
    assert "已 45 秒没有进展" in client.get(url).content.decode()
    running.run_job.call(str(job.pk))
    over = client.get(url).content.decode()
    assert "hx-get" not in over
    assert "下载结果.txt" in over
    assert "数到一百" in client.get(reverse("jobs:list")).content.decode()


def test_the_administrator_sees_who_and_what_sort_but_no_contents(begin, kind, world, client, settings):
    begin()
    client.force_login(world.people.office)
    assert client.get(reverse("jobs:all")).status_code == 403

"""The runner of jobs looks before it locks, takes up what waits, and ends when it is told to."""

import pytest
from django.test import override_settings
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from bihuan.config.runner import Runner

QUEUE = {
    "default": {"BACKEND": "bihuan.operations.jobs.DatabaseBackend", "QUEUES": ["default", "long"]},
}


@task()
def something() -> str:
    return "done"


@pytest.fixture
def runner(monkeypatch):
    """A runner that is told to end where it would rest."""
    made = Runner(
        queue_names=["*"], interval=0.5, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
        worker_id="here/1/1", excluded_queue_names=["long"],
    )  # fmt: skip

    def rest(seconds):
        made.running = False

    monkeypatch.setattr("bihuan.config.runner.time.sleep", rest)
    # The connection is the test's own.
    monkeypatch.setattr("bihuan.config.runner.close_old_connections", lambda: None)
    return made


def test_an_empty_queue_costs_one_look(runner, db, django_assert_num_queries):
    with django_assert_num_queries(1):
        runner.run()


@pytest.mark.django_db(transaction=True)
def test_everything_that_waits_is_done_but_not_of_another_queue(runner):
    with override_settings(TASKS=QUEUE):
        something.enqueue()
        something.enqueue()
        something.using(queue_name="long").enqueue()
        runner.run()
    assert sorted(DBTaskResult.objects.values_list("queue_name", "status")) == [
        ("default", "SUCCESSFUL"), ("default", "SUCCESSFUL"), ("long", "READY"),
    ]  # fmt: skip

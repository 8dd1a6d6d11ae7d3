"""The runner of queued jobs. Importing it needs Django to be set up."""

from __future__ import annotations

import time

from django.db import close_old_connections
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult


class Runner(Worker):
    """Looks whether anything waits before it locks: taking a job opens an exclusive transaction, twice a second by itself.

    On SQLite every such transaction would keep people's writes waiting for a queue that is empty nearly always.
    To be made with `batch=True`: what is taken up then ends with the queue.
    """

    def run(self) -> None:
        """Run jobs until `running` is taken away."""
        while self.running:
            close_old_connections()
            if self._waits():
                super().run()
            else:
                time.sleep(self.interval)

    def _waits(self) -> bool:
        tasks = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        if not self.process_all_queues:
            tasks = tasks.filter(queue_name__in=self.queue_names)
        if self.excluded_queue_names:
            tasks = tasks.exclude(queue_name__in=self.excluded_queue_names)
        return bool(tasks.exists())

"""Settings for the test suite: fast hashing, strict templates, files in a throw-away directory."""

import atexit
import ipaddress
import os
import shutil
import tempfile

if "BIHUAN_DATA" not in os.environ:
    _memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - faster than a disk
    os.environ["BIHUAN_DATA"] = tempfile.mkdtemp(prefix="bihuan-test-", dir=_memory)
    atexit.register(shutil.rmtree, os.environ["BIHUAN_DATA"], ignore_errors=True)

from bihuan.config.settings import *  # noqa: F403
from bihuan.config.settings import DATA_DIR, DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
TASKS = {
    "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend", "QUEUES": ["default", "long"]}
}
WHITENOISE_AUTOREFRESH = True
PUBLIC_URL = "http://testserver"
LIVE_URL = ""
# The test client stands where Prometheus would; that the page is closed to others is tested in operations.
METRICS_ALLOW = [ipaddress.ip_network("127.0.0.1")]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: the in-memory test database knows no WAL, so races would not be the real ones.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

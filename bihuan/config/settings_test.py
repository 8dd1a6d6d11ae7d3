"""Settings for the test suite: fast hashing, strict templates, files in a throw-away directory."""

import os
import tempfile

os.environ.setdefault("BIHUAN_DATA", tempfile.mkdtemp(prefix="bihuan-test-"))

from bihuan.config.settings import *  # noqa: F403
from bihuan.config.settings import STORAGES, TEMPLATES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
WHITENOISE_AUTOREFRESH = True
PUBLIC_URL = "http://testserver"
TEMPLATES[0]["OPTIONS"]["debug"] = True

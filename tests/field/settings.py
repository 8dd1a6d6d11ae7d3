"""The product's settings, with a directory of static files in front: a later version of the app without touching this one."""

import os

from bihuan.config.settings import *  # noqa: F403

if LATER := os.environ.get("FIELD_LATER_STATIC"):
    STATICFILES_DIRS = [LATER, *STATICFILES_DIRS]  # noqa: F405

"""The WSGI application served by granian (`bihuan serve`)."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from bihuan.core.orphans import end_with_server

# Not left alone with the port when granian was killed.
end_with_server()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.config.settings")
application = get_wsgi_application()
# Views are loaded now and not under the first person's click; what is loaded stays for the life of the process, so the
# collector need not walk through it after every few pages.
assert get_resolver().url_patterns
gc.collect()
gc.freeze()

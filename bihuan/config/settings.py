"""One settings file; everything an operator may change comes from the environment (docs/how-to/configure.md)."""

from pathlib import Path

import structlog

from bihuan.config import environment as env
from bihuan.config.databases import databases
from bihuan.config.live import live_url
from bihuan.config.maps import approval, tile_layers
from bihuan.config.secrets import key_from
from bihuan.operations.logs import mask_personal

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# In a checkout the shell lies beside the package; installed, inside it (setup.py).
IS_CHECKOUT = (BASE_DIR / "templates" / "base.html").is_file()
SHELL_DIR = BASE_DIR if IS_CHECKOUT else BASE_DIR / "bihuan" / "shell"
DATA_DIR = env.directory(
    "BIHUAN_DATA", BASE_DIR / "var" if IS_CHECKOUT else Path.home() / ".local" / "share" / "bihuan"
)

DEBUG = env.flag("BIHUAN_DEBUG")
SECRET_KEY = env.text("BIHUAN_SECRET_KEY") or key_from(DATA_DIR / "secret.key", size=48)
BIHUAN_FIELD_KEY = env.text("BIHUAN_FIELD_KEY") or key_from(DATA_DIR / "field.key", size=32)
# Keys a value may still be sealed with after a change of BIHUAN_FIELD_KEY, and the key of look-up digests.
BIHUAN_FIELD_OLD_KEYS = env.names("BIHUAN_FIELD_OLD_KEYS")
BIHUAN_BLIND_KEY = env.text("BIHUAN_BLIND_KEY") or BIHUAN_FIELD_KEY
BIHUAN_HASH = env.text("BIHUAN_HASH", "sm3")
ALLOWED_HOSTS = env.names("BIHUAN_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("BIHUAN_TRUSTED_ORIGINS")
HTTPS = env.flag("BIHUAN_HTTPS")
# Whose X-Forwarded-* headers are believed; see config/proxies.py.
TRUSTED_PROXIES = env.networks("BIHUAN_TRUSTED_PROXIES")
PUBLIC_URL = env.text("BIHUAN_PUBLIC_URL", f"http://127.0.0.1:{env.integer('PORT', 8000)}").rstrip("/")
LIVE_URL = live_url(PUBLIC_URL)  # where open pages hear of changes; "" without
MAP_TILES = tile_layers()  # address templates of approved map tiles, lowest first; none: the schematic map
MAP_APPROVAL = approval()

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_tasks",
    "django_tasks_db",
    "bihuan.core",
    "bihuan.audit",
    "bihuan.accounts",
    "bihuan.attachments",
    "bihuan.notifications",
    "bihuan.search",
    "bihuan.jobs",
    "bihuan.duties",
    "bihuan.papers",
    "bihuan.registry",
    "bihuan.checklists",
    "bihuan.zones",
    "bihuan.tally",
    "bihuan.campaigns",
    "bihuan.hazards",
    "bihuan.inspections",
    "bihuan.planning",
    "bihuan.field",
    "bihuan.pledges",
    "bihuan.batches",
    "bihuan.projects",
    "bihuan.archive",
    "bihuan.accidents",
    "bihuan.lookback",
    "bihuan.listings",
    "bihuan.oversight",
    "bihuan.instruments",
    "bihuan.submissions",
    "bihuan.returns",
    "bihuan.assessment",
    "bihuan.office",
    "bihuan.exchange",
    "bihuan.desk",
    "bihuan.api",
    "bihuan.operations",
    "bihuan.demo",
]

MIDDLEWARE = [
    "bihuan.config.proxies.TrustedProxiesMiddleware",
    "bihuan.config.middleware.RequestIdMiddleware",
    "bihuan.operations.observation.ObservationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "bihuan.config.middleware.ContentSecurityPolicyMiddleware",
    "bihuan.config.middleware.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bihuan.config.middleware.HtmxLoginMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "bihuan.config.middleware.NullCharacterMiddleware",
    "bihuan.accounts.middleware.SessionPolicyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "bihuan.config.replica.ReplicaMiddleware",
]

ROOT_URLCONF = "bihuan.config.urls"
WSGI_APPLICATION = "bihuan.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SHELL_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bihuan.desk.context.shell",
            ],
            "builtins": ["bihuan.core.templatetags.bihuan"],
        },
    }
]
FORM_RENDERER = "bihuan.core.rendering.FormRenderer"


DATABASES = databases(DATA_DIR)
DATABASE_ROUTERS = ["bihuan.core.replica.ReplicaRouter"] if "replica" in DATABASES else []
BIHUAN_REPLICA_MAX_LAG = env.integer("BIHUAN_REPLICA_MAX_LAG", 5)  # seconds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "bihuan.accounts.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "bihuan.accounts.passwords.NotCommonValidator"},
    {"NAME": "bihuan.accounts.passwords.CharacterClassesValidator"},
    {"NAME": "bihuan.accounts.passwords.NotTheUsernameValidator"},
    {"NAME": "bihuan.accounts.passwords.NotReusedValidator"},
]
PASSWORD_MAX_AGE_DAYS = env.integer("BIHUAN_PASSWORD_MAX_AGE", 90)
SESSION_IDLE_MINUTES = env.integer("BIHUAN_SESSION_IDLE", 120)
SESSIONS_PER_USER = env.integer("BIHUAN_SESSIONS_PER_USER", 3)
SESSION_COOKIE_AGE = 12 * 3600
FIELD_DEVICE_DAYS = env.integer("BIHUAN_DEVICE_DAYS", 7)  # until a phone must be signed in again
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AXES_FAILURE_LIMIT = env.integer("BIHUAN_LOGIN_FAILURES", 5)
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "bihuan.accounts.views.sessions.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Bihuan"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [SHELL_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "bihuan.core.staticfiles.RememberedStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
# Beyond these a request is refused before anything is read; see attachments/limits.py for per-kind limits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
UPLOAD_MAX_BYTES = 25 * 1024 * 1024

# Where `bihuan archive` keeps its Parquet files; with several machines, a directory all of them see.
ARCHIVE_DIR = Path(env.text("BIHUAN_ARCHIVE") or DATA_DIR / "archive")

# Ours notes the request a job came from; see operations/jobs.py.
# Long work has a queue and a thread of the worker to itself, so that a message never waits behind an export.
TASKS = {"default": {"BACKEND": "bihuan.operations.jobs.DatabaseBackend", "QUEUES": ["default", "long"]}}
JOB_RESULT_DAYS = env.integer("BIHUAN_JOB_RESULT_DAYS", 7)

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.text("BIHUAN_EMAIL_HOST")
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = env.text("BIHUAN_EMAIL_HOST")
EMAIL_PORT = env.integer("BIHUAN_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("BIHUAN_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("BIHUAN_EMAIL_PASSWORD")
EMAIL_USE_TLS = env.flag("BIHUAN_EMAIL_TLS")
DEFAULT_FROM_EMAIL = env.text("BIHUAN_EMAIL_FROM", "bihuan@localhost")
BIHUAN_SMS_BACKEND = env.text("BIHUAN_SMS_BACKEND")  # dotted path to a callable(phone, text)

# Exchange between levels: docs/how-to/exchange.md
EXCHANGE_CA = env.text("BIHUAN_EXCHANGE_CA")  # the certificate authority of a closed network, a PEM file
EXCHANGE_PER_MINUTE = env.integer("BIHUAN_EXCHANGE_PER_MINUTE", 240)  # requests from one address
EXCHANGE_LOOPBACK = env.flag(
    "BIHUAN_EXCHANGE_LOOPBACK"
)  # two installations on one machine, without TLS: for trials

# Operations: docs/how-to/monitoring.md, docs/how-to/backup.md
METRICS_TOKEN = env.text("BIHUAN_METRICS_TOKEN")
METRICS_ALLOW = env.networks("BIHUAN_METRICS_ALLOW")
REQUEST_LOG = env.flag("BIHUAN_REQUEST_LOG", True)
LOG_FILE = env.text("BIHUAN_LOG_FILE")
CERTIFICATES = env.names("BIHUAN_CERTIFICATES")
# Heavy rounds nobody waits for are begun in these hours only (core/nights.py).
NIGHT = env.night("BIHUAN_NIGHT", "02:00-05:00")
BACKUP_DIR = env.text("BIHUAN_BACKUP_DIR")
BACKUP_AT = env.clock("BIHUAN_BACKUP_AT", "02:30")
BACKUP_KEEP = env.counts("BIHUAN_BACKUP_KEEP", "7,4,12", of=3)
BACKUP_KEY_FILE = env.text("BIHUAN_BACKUP_KEY_FILE")
RETENTION_DAYS = env.days("BIHUAN_RETENTION_DAYS")
RETENTION_AUTO = env.flag("BIHUAN_RETENTION_AUTO")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_personal,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "handlers": {
        "out": {"class": "logging.StreamHandler", "formatter": "json"}
        if not LOG_FILE
        # Watched, because logrotate moves it away under several processes.
        else {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": LOG_FILE,
            "encoding": "utf-8",
            "formatter": "json",
        }
    },
    "root": {"handlers": ["out"], "level": env.text("BIHUAN_LOG_LEVEL", "WARNING")},
    "loggers": {
        "bihuan": {"level": env.text("BIHUAN_LOG_LEVEL", "INFO")},
        # It names user names; failed logins are counted, and written to the audit record.
        "axes": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
)

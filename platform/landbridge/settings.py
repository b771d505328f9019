"""One settings file, driven by the environment. No forks per deployment: docs/settings.md lists every variable."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from landbridge.home import HOME, ROOT, secret
from landbridge_evaluation.broker import celery_settings

django_stubs_ext.monkeypatch()


def flag(name: str, *, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def listed(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


# --- Identity of the instance
LANDBRIDGE_HOME = HOME
LANDBRIDGE_VERSION = "0.1.0"
LANDBRIDGE_DATA = os.environ.get("LANDBRIDGE_DATA", "")
LANDBRIDGE_DEMO = flag("LANDBRIDGE_DEMO")
SECRET_KEY = os.environ.get("SECRET_KEY") or secret("django")
DEBUG = False
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS", "")
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000")
INTERNAL_IPS: list[str] = []

# --- What is in the house
APPS = ("core", "accounts", "submissions", "evaluations", "leaderboards", "agreements", "hub", "api", "portal")
INSTALLED_APPS = [
    "landbridge_registry",
    *(f"landbridge.{app}" for app in APPS),  # before allauth: our templates and commands win
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "csp",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "landbridge.api.metrics.MetricsMiddleware",
    "landbridge.core.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "landbridge.core.middleware.TextMiddleware",
    "landbridge.core.middleware.ProblemMiddleware",
    "landbridge.core.middleware.WorkerDoorMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "landbridge.core.middleware.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "landbridge.api.limits.LimitMiddleware",
    "landbridge.accounts.middleware.AccessMiddleware",
]
ROOT_URLCONF = "landbridge.urls"
WSGI_APPLICATION = "landbridge.wsgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "landbridge.portal.context.portal",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "django.templatetags.i18n"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database: SQLite in the instance's folder, or what DATABASE_URL says
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",  # a write transaction takes its lock first, so it waits instead of failing midway
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
POSTGRESQL_OPTIONS = {
    "options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000",
    "prepare_threshold": 1,  # of the statements that core.prepared binds at the server; Django's own are not prepared
}
DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{HOME / 'landbridge.sqlite3'}"
KEPT_S = 0 if "PYTEST_VERSION" in os.environ else 60  # a test's database is flushed and dropped under a kept connection
DATABASES: dict[str, Any] = {"default": dict(dj_database_url.parse(DATABASE_URL, conn_max_age=KEPT_S))}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"] |= {
        "OPTIONS": SQLITE_OPTIONS,
        "TEST": {"NAME": HOME / f"test-{os.getpid()}.sqlite3"},
        "CONN_MAX_AGE": 0,
    }
else:
    DATABASES["default"] |= {"OPTIONS": POSTGRESQL_OPTIONS, "CONN_HEALTH_CHECKS": True}
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # counters of limits live here
    }
}

# --- People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "landbridge.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = os.environ.get("LANDBRIDGE_EMAIL_VERIFICATION", "optional")
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_UNIQUE_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Landbridge"
MFA_ADAPTER = "landbridge.accounts.adapter.MFAAdapter"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = HOME / "mail"
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Landbridge <landbridge@localhost>")

# --- Safety
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FILES = 500
FILE_UPLOAD_HANDLERS = ["landbridge.core.uploads.NamelessUploadHandler"]
FILE_UPLOAD_TEMP_DIR: Path | None = None

# --- Languages
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [ROOT / "platform" / "landbridge" / "portal" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files: served from the packages themselves, no build step
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# --- API
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "landbridge.core.problem.handle",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "landbridge.accounts.authentication.BearerAuthentication",
        "landbridge.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["landbridge.accounts.permissions.DeclaredAccess"],
    "DEFAULT_THROTTLE_CLASSES": ["landbridge.api.throttles.Throttle"],
    "DEFAULT_PARSER_CLASSES": ["landbridge.core.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "landbridge.api.autoschema.Schema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Landbridge",
    "DESCRIPTION": "Register, measure, compare, license and deliver foundation models.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["landbridge.api.schema.ours"],
    "POSTPROCESSING_HOOKS": ["landbridge.api.schema.finished"],
}
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # empty: /metrics answers this machine only
PROMETHEUS_MULTIPROC_DIR = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
LANDBRIDGE_RATE_SCALE = float(
    os.environ.get("LANDBRIDGE_RATE_SCALE", "1000" if "PYTEST_VERSION" in os.environ else "1")
)

# --- Jobs: times in seconds; tests shorten them
LANDBRIDGE_DAILY_JOBS = int(os.environ.get("LANDBRIDGE_DAILY_JOBS", "200"))  # of one organization
LANDBRIDGE_WAITERS = int(os.environ.get("LANDBRIDGE_WAITERS", "4"))  # long polls of workers that a web process holds
LANDBRIDGE_LEASE = timedelta(seconds=float(os.environ.get("LANDBRIDGE_LEASE_SECONDS", "45")))
LANDBRIDGE_HEARTBEAT = timedelta(seconds=float(os.environ.get("LANDBRIDGE_HEARTBEAT_SECONDS", "4")))
LANDBRIDGE_SWEEP = timedelta(seconds=float(os.environ.get("LANDBRIDGE_SWEEP_SECONDS", "10")))
LANDBRIDGE_REWAKE = timedelta(seconds=float(os.environ.get("LANDBRIDGE_REWAKE_SECONDS", "30")))
LANDBRIDGE_RESCREEN = timedelta(seconds=float(os.environ.get("LANDBRIDGE_RESCREEN_SECONDS", "604800")))
LANDBRIDGE_CLOCK_SHIFT = timedelta(0)  # tests move the clock by this; a system check refuses it anywhere else

# --- Sizes, in bytes, and where they lie
STORAGE_URL = os.environ.get("STORAGE_URL", "")  # kept for S3; a system check refuses it until then
LANDBRIDGE_MAX_FILE = int(os.environ.get("LANDBRIDGE_MAX_FILE", str(64 << 30)))
LANDBRIDGE_MAX_STORAGE = int(os.environ.get("LANDBRIDGE_MAX_STORAGE", str(1 << 40)))

# --- Broker: a folder, or what BROKER_URL says
BROKER_URL = os.environ.get("BROKER_URL", "filesystem://")
for _name, _value in celery_settings(BROKER_URL, HOME / "broker").items():
    globals()[f"CELERY_{_name.upper()}"] = _value
LANDBRIDGE_OUTBOX = "off" if "PYTEST_VERSION" in os.environ else "broker"  # off: events are kept for tests to read

# --- Logs: JSON lines on stderr
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LANDBRIDGE_LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "celery": {"level": "WARNING"}, "httpx2": {"level": "WARNING"}},
}

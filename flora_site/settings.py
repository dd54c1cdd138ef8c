"""Django's settings, derived from flora's configuration (flora_site/config.py)."""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.http import HttpRequest
from django.templatetags.static import static

from flora_site.config import ConfigurationError, load_config
from flora_site.logs import configure_logging
from flora_site.sections import PROJECT_ROOT

try:
    FLORA = load_config()
except ConfigurationError as error:
    sys.exit(f"flora's configuration is not usable:\n{error}")

configure_logging(FLORA.flora.log, readable=not FLORA.production)
LOGGING_CONFIG = None

BASE_DIR = PROJECT_ROOT
DEBUG = False
SECRET_KEY = FLORA.api.secret
ALLOWED_HOSTS = FLORA.flora.hosts or ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "flora_site.urls"
ASGI_APPLICATION = "flora_site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "deployments.User"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

INSTALLED_APPS = [
    "daphne",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "django_prometheus",
    "django_structlog",
    "axes",
    "csp",
    "flora_site",
    "deployments",
    "runtime",
    "gateway",
]

MIDDLEWARE = [
    # The first and the last measure what lies between.
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- data ---------------------------------------------------------------------------------


def database_settings(url: str) -> dict[str, Any]:
    """Of one database, as Django wants them."""
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in production: threads see each other's commits and nothing else.
        database["TEST"] = {"NAME": str(FLORA.flora.data_dir / "test.sqlite3")}
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32000;"
            ),
        }
    else:
        # A dead server is noticed in seconds: scripts wait for their data, people for their page.
        database["CONN_HEALTH_CHECKS"] = True
        database["OPTIONS"] = {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            **database.get("OPTIONS", {}),
            "pool": {"min_size": 1, "max_size": FLORA.database.max_connections, "timeout": 2},
        }
    return database


_URL = FLORA.database.url or f"sqlite:///{FLORA.flora.data_dir / 'flora.sqlite3'}"
DATABASES = {"default": database_settings(_URL)}

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": FLORA.cache.url,
        "KEY_PREFIX": "flora",
        "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": FLORA.cache.pool_size}},
    }
    if FLORA.cache.url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- who may come in ----------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "deployments.admin.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

SESSION_COOKIE_NAME = "flora_session"
SESSION_COOKIE_AGE = FLORA.api.cookie_ttl_secs
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = (
    FLORA.production if FLORA.api.cookie_secure is None else FLORA.api.cookie_secure
)
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in FLORA.flora.hosts if host != "*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if FLORA.production else 0
X_FRAME_OPTIONS = "DENY"
# unfold's Alpine components evaluate expressions and set styles of their own.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:", "https://cdn.discordapp.com"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
    }
}

# --- the API ------------------------------------------------------------------------------

# A bundle of the largest size arrives with its source map and JSON's escapes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * FLORA.runtime.max_script_bytes
KNOX_TOKEN_MODEL = "deployments.ApiToken"  # noqa: S105 (a model's name)
# Knox's migrations would make a table for the model that ours stands in for.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": None,
    "AUTO_REFRESH": False,
    "SECURE_HASH_ALGORITHM": "hashlib.sha512",
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "deployments.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["deployments.api.authentication.IsKnownActor"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "deployments.api.negotiation.AlwaysTheFirst",
    "EXCEPTION_HANDLER": "deployments.api.errors.envelope",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "flora",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["deployments.api.schema.without_twins"],
}

# --- pages --------------------------------------------------------------------------------


def _static(path: str) -> Callable[[HttpRequest], str]:
    return lambda request: static(path)


STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
UNFOLD = {
    "SITE_TITLE": "flora",
    "SITE_HEADER": "flora",
    "SITE_SYMBOL": "local_florist",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("flora/icon.svg")}],
    "STYLES": [_static("flora/admin.css")],
    "SIDEBAR": {"navigation": "deployments.admin.navigation.sidebar"},
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166)",
            "100": "oklch(95% .052 163)",
            "200": "oklch(90.5% .093 164)",
            "300": "oklch(84.5% .143 165)",
            "400": "oklch(76.5% .177 163)",
            "500": "oklch(69.6% .17 162)",
            "600": "oklch(50.8% .118 166)",
            "700": "oklch(43.2% .095 167)",
            "800": "oklch(37.8% .077 169)",
            "900": "oklch(30% .06 170)",
            "950": "oklch(22% .045 172)",
        }
    },
}

# --- the runtime --------------------------------------------------------------------------

CONTROL_SOCKET = FLORA.control_socket
# Where the web process finds the simulated Discord; the runtime writes it.
SANDBOX_STATE = FLORA.flora.data_dir / "sandbox.json"

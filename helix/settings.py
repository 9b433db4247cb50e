"""Django settings of Helix: a plain statement of what `helix.environment` read.

The same file serves the laptop (SQLite, in memory, one process) and the grown installation (PostgreSQL, Redis, many
processes); only the environment differs.
"""

import os
import sys
from hashlib import sha256

from csp.constants import NONE, SELF

from flows.limits import Limits
from helix import environment
from helix.logging import configuration

BASE_DIR = environment.ROOT
DATA_DIR = environment.data_dir()
DEBUG = environment.flag("HELIX_DEBUG", False)
SECRET_KEY = environment.secret_key(DATA_DIR)
HELIX_LOG_KEY = environment.log_key(DATA_DIR, SECRET_KEY)
ALLOWED_HOSTS = environment.words("HELIX_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
HELIX_ORIGINS = environment.words("HELIX_ORIGINS", "http://localhost:8000,http://127.0.0.1:8000")
HELIX_METRICS_TOKEN = os.environ.get("HELIX_METRICS_TOKEN", "")
HELIX_DEMO = environment.flag("HELIX_DEMO", False)
HELIX_REQUIRE_BARRIER = environment.flag("HELIX_REQUIRE_BARRIER", False)
HELIX_PASSWORD_CORES = environment.password_cores()
HELIX_EGRESS_ALLOW = environment.networks("HELIX_EGRESS_ALLOW")
HELIX_FILES_DIR = environment.folder("HELIX_FILES_DIR")
HELIX_DATABASES = environment.databases("HELIX_DATABASES")
HELIX_SECRETS_KEY_FILE = os.environ.get("HELIX_SECRETS_KEY_FILE", "")
HELIX_WORKERS = environment.count("HELIX_WORKERS", 1)
HELIX_RELEASE = environment.release()
HELIX_TOOL_COMMANDS = environment.tool_commands("HELIX_TOOL_COMMANDS")
HELIX_LIMITS = Limits.from_environment(os.environ)
HELIX_LOGIN_PROVIDERS = environment.login_providers("HELIX_LOGIN_PROVIDERS")
SECURE = any(origin.startswith("https://") for origin in HELIX_ORIGINS)

INSTALLED_APPS = [
    "helix",
    "helix.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "helix.apps.StaticFilesConfig",
    "django.contrib.humanize",
    "channels",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    *sorted({f"allauth.socialaccount.providers.{name}" for name in {"openid_connect", *HELIX_LOGIN_PROVIDERS}}),
    "accounts",
    "flows",
    "runs",
    "sessions.apps.LiveConfig",
]
MIDDLEWARE = [
    "helix.api_errors.api_errors",
    "django.middleware.security.SecurityMiddleware",
    "helix.middleware.TextCompression",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "helix.middleware.well_formed",
    "accounts.origin.origin",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "helix.page_methods.PageMethods",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "helix.middleware.acting",
    "helix.middleware.person_header",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.account_pages",
    "django_htmx.middleware.HtmxMiddleware",
    "helix.middleware.one_thread",
]
ROOT_URLCONF = "helix.urls"
ASGI_APPLICATION = "helix.asgi.application"
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
DATABASES = {"default": environment.database(DATA_DIR)}
CHANNEL_LAYERS = {"default": environment.channel_layer()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.passwords.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"], "max_similarity": 1},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.VisiblePassword"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if environment.flag("HELIX_CONFIRM_EMAIL", False) else "none"
ACCOUNT_CHANGE_EMAIL = ACCOUNT_EMAIL_NOTIFICATIONS = ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Helix: "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = ACCOUNT_PREVENT_ENUMERATION = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
"""`accounts.attempts` counts, in the database, for pages and programs together."""
ACCOUNT_FORMS = {
    "reset_password": "accounts.forms.ResetPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
MFA_ADAPTER = "accounts.second_factors.Adapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.SecondFactorAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
MFA_TOTP_ISSUER, MFA_TOTP_TOLERANCE = "Helix", 1
SOCIALACCOUNT_ADAPTER = "accounts.providers.Adapter"
SOCIALACCOUNT_PROVIDERS = {name: {"APPS": apps} for name, apps in HELIX_LOGIN_PROVIDERS.items()}
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.ProviderSignupForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = environment.count("HELIX_TRUSTED_PROXIES", 0)
HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"  # noqa: S105
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = sha256(f"access tokens:{SECRET_KEY}".encode()).hexdigest()
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 3600
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 14 * 24 * 3600
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True

HELIX_MAIL = environment.mail("HELIX_MAIL_URL")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if HELIX_MAIL else 'console'}.EmailBackend"
if HELIX_MAIL:
    EMAIL_HOST, EMAIL_PORT = HELIX_MAIL.host, HELIX_MAIL.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = HELIX_MAIL.user, HELIX_MAIL.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = HELIX_MAIL.is_tls, HELIX_MAIL.starts_tls
    DEFAULT_FROM_EMAIL = HELIX_MAIL.sender
EMAIL_TIMEOUT = 15

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
"""Only languages whose catalogue is complete, each called by its own name: what is half translated is not offered."""
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = SECURE
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "helix.storage.StaticStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = "__Host-helix" if SECURE else "helix"
CSRF_COOKIE_NAME = "csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = HELIX_ORIGINS
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = max(HELIX_LIMITS.body_bytes, HELIX_LIMITS.import_bytes)

SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]

LOGGING = configuration(
    level=os.environ.get("HELIX_LOG_LEVEL", "INFO").upper(),
    pretty=environment.flag("HELIX_LOG_PRETTY", sys.stderr.isatty()),
)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20

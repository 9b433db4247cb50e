"""Structured logs: one JSON object a line on standard error, or coloured text on a terminal.

Django's own records and ours go through the same chain, so every line has the time, the level, the logger and, inside
a request, its id and the person. Nothing secret is written: values under telling names are hidden, query strings,
where a token might have strayed, are cut off, and tracebacks show no variables. Probes that went well are not worth a
line.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_NAMES = ("password", "token", "secret", "authorization", "cookie", "csrf")
PROBES = {"GET /healthz", "GET /readyz", "GET /metrics"}
SLOW_QUERY_SECONDS = 0.25
LONGEST_REQUEST = 500
SECRET_ADDRESSES = (
    "/hooks/",
    "/s/",
    "/invitations/",
    "/teams/invitations/",
    "/api/v1/links/",
    "/accounts/password/reset/key/",
    "/accounts/confirm-email/",
)
QUIET = (
    "daphne",
    "uvicorn",
    "asyncio",
    "django.db.backends",
    "django.channels",
    "channels_redis",
    "redis",
    "httpx2",
    "mcp",
    "apprise",
    "urllib3",
    "httpcore",
    "httpcore2",
    "oauthlib",
    "requests_oauthlib",
    "allauth",
)
"""What says much, or, while somebody looks for a fault at `DEBUG`, addresses and headers with secrets in them."""

log = structlog.get_logger(__name__)


def configuration(*, level: str, pretty: bool) -> dict[str, Any]:
    """Configure structlog and return Django's `LOGGING`."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared_processors(), wrap],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderers: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared_processors(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "structured"}
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # The request middleware has written the same with the request's id.
            "django.request": {"level": "CRITICAL"},
            "strawberry.execution": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            **{name: {"level": "WARNING"} for name in QUIET},
        },
    }


def shared_processors() -> list[Processor]:
    """Return the chain that our records and foreign ones share."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_quiet_probes,
        hide_secrets,
    ]


def wrap(logger: WrappedLogger, name: str, event: EventDict) -> Any:
    """Hand the event to the standard library's formatter."""
    return structlog.stdlib.ProcessorFormatter.wrap_for_formatter(logger, name, event)


def drop_quiet_probes(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Leave out probes that were answered well."""
    if event.get("code") == 200 and event.get("request") in PROBES:
        raise structlog.DropEvent
    return event


def hide_secrets(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Hide what is under telling names, and addresses that are secrets; cut off query strings and endless paths."""
    if isinstance(request := event.get("request"), str):
        event["request"] = request.partition("?")[0][:LONGEST_REQUEST]
    for name in ("request", "path"):
        if isinstance(told := event.get(name), str):
            event[name] = _without_secret(told)
    for name in event:
        if any(word in name.lower() for word in SECRET_NAMES):
            event[name] = "…"
    return event


def _without_secret(told: str) -> str:
    for address in SECRET_ADDRESSES:
        before, found, _secret = told.partition(address)
        if found and before.rpartition(" ")[2] == "":
            return f"{before}{address}…"
    return told


def warn_of_slow_queries(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run a query, as one of `connection.execute_wrappers`; write a line, without values, when it took long."""
    started = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        if (seconds := time.perf_counter() - started) > SLOW_QUERY_SECONDS:
            log.warning("slow_query", seconds=round(seconds, 3), sql=sql[:500])

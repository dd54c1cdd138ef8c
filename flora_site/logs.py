"""Structured logs for every process of flora.

Loggers are named after the original's targets with a dot for the colon (`flora.runtime`,
`flora.discord`, `flora.deployments`, `flora.kv`); lines show them with the colon.
"""

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure_logging(log_filter: str, *, readable: bool) -> None:
    """Applies a filter such as `flora::runtime=debug,flora=info` to stdlib and structlog alike.

    readable: lines for a person; otherwise one JSON object a line.
    """
    root_level, levels = _parse_filter(log_filter)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _logger_as_target,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            pad_event_to=0,
            sort_keys=False,
            # Where rich is installed structlog would let it draw them, a page and seconds each.
            exception_formatter=structlog.dev.plain_traceback,
        )
        if readable
        else structlog.processors.JSONRenderer()
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "flora": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        *([] if readable else [structlog.processors.format_exc_info]),
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "flora"}},
            "root": {"handlers": ["stderr"], "level": root_level},
            "loggers": {
                # Each refused request has its line from django_structlog already.
                "django.request": {"level": "ERROR"},
                **{name: {"level": level} for name, level in levels.items()},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _parse_filter(log_filter: str) -> tuple[str, dict[str, str]]:
    root_level, levels = "WARNING", {}
    for part in filter(None, (part.strip() for part in log_filter.split(","))):
        target, equals, level = part.partition("=")
        known = {"trace": "DEBUG", "off": "CRITICAL", "warn": "WARNING"}
        if equals:
            levels[target.replace("::", ".").replace(":", ".")] = known.get(level, level.upper())
        else:
            root_level = known.get(target, target.upper())
    return root_level, levels


def _logger_as_target(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["target"] = str(event.pop("logger", "")).replace(".", ":")
    return event

"""Reads a request's body: JSON of a known shape and a bounded size, or a sentence why not."""

import json
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import exceptions, serializers
from rest_framework.request import Request

Form = TypeVar("Form", bound="serializers.BaseSerializer[Any]")


def read_body(request: Request, form_class: type[Form]) -> Form:
    """The body as a valid form of this class; an empty body counts as `{}`.

    REST framework's own parsers look at Content-Length only: they would take a chunked body for
    an empty one, and its size for nothing. Raises UnsupportedMediaType, RequestDataTooBig,
    ParseError, ValidationError.
    """
    django_request = request._request
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = django_request.read(limit + 1)
    if len(body) > limit:
        raise RequestDataTooBig(f"a request has at most {limit} bytes")
    if body and django_request.content_type != "application/json":
        raise exceptions.UnsupportedMediaType(
            django_request.content_type or "",
            f"application/json was expected, not {django_request.content_type or 'nothing'}",
        )
    form = form_class(data=_json(body) if body else {})
    form.is_valid(raise_exception=True)
    return form


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise exceptions.ParseError("the body is not UTF-8") from None
    except RecursionError:
        raise exceptions.ParseError("the body is nested too deeply") from None
    except ValueError as error:
        raise exceptions.ParseError(f"the body is no JSON: {error}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")

"""The API's description of itself (OpenAPI), where REST framework's views do not say it all."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse

from deployments.api.answers import ErrorAnswer


def refusal_of(shape: Any, description: str) -> OpenApiResponse:
    return OpenApiResponse(shape, description)


REFUSALS = {
    400: refusal_of(ErrorAnswer, "the request is wrong"),
    401: refusal_of(ErrorAnswer, "no session, or no valid token"),
    403: refusal_of(ErrorAnswer, "known, but not allowed"),
    404: refusal_of(ErrorAnswer, "not there, or not yours"),
    503: refusal_of(ErrorAnswer, "the database is away"),
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "deployments.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def without_twins(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Each route answers with and without a final slash; one of the two is described."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]

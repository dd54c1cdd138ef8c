"""Who may read /metrics, and what stands there while the runtime is away."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

SECRET = "an operator's secret"
REFUSED_401 = (401, {"message": "Unauthorized: Operator bearer token required"})
REFUSED_403 = (403, {"message": "Forbidden: Invalid operator token"})
CLOSED = (403, {"message": "Forbidden: Operator access is not configured"})
PATHS = ("/metrics", "/metrics/", "/metrics/json", "/metrics/json/")


@pytest.fixture(autouse=True)
def installation(monkeypatch: pytest.MonkeyPatch) -> Any:
    """set(secret, production) of this installation."""
    monkeypatch.setattr(settings.FLORA.cache, "url", "")

    def set_(secret: str, *, production: bool) -> None:
        monkeypatch.setattr(settings.FLORA.api, "operator_secret", secret)
        monkeypatch.setattr(
            settings.FLORA.flora, "env", "production" if production else "development"
        )

    return set_


def get(path: str, authorization: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    response = Client().get(path, headers=headers)
    is_json = response["Content-Type"] == "application/json"
    return response.status_code, json.loads(response.content) if is_json else response.content


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("authorization", "refused"),
    [
        (None, REFUSED_401),
        ("", REFUSED_401),
        ("Bearer", REFUSED_401),
        ("Bearer ", REFUSED_401),
        (f"Basic {SECRET}", REFUSED_401),
        (SECRET, REFUSED_401),
        ("Bearer wrong", REFUSED_403),
        (f"Bearer {SECRET}x", REFUSED_403),
        (f"Bearer {SECRET[:-1]}", REFUSED_403),
        ("Bearer schlüssel", REFUSED_403),
        (f"Bearer {SECRET}", None),
        (f"bearer {SECRET}", None),
    ],
)
def test_with_a_secret_only_who_has_it(
    installation: Any, path: str, authorization: str | None, refused: Any, production: bool
) -> None:
    installation(SECRET, production=production)
    answer = get(path, authorization)
    if refused:
        assert answer == refused
    else:
        assert answer[0] == (503 if "json" in path else 200)  # no runtime is there


@pytest.mark.parametrize("authorization", [None, "Bearer ", f"Bearer {SECRET}"])
@pytest.mark.parametrize("path", PATHS)
def test_without_a_secret_nobody_in_production(
    installation: Any, path: str, authorization: str | None
) -> None:
    installation("", production=True)
    assert get(path, authorization) == CLOSED


def test_without_a_secret_everybody_on_this_machine_in_development(installation: Any) -> None:
    installation("", production=False)
    assert get("/metrics")[0] == 200


def test_a_missing_token_is_asked_for(installation: Any) -> None:
    installation(SECRET, production=False)
    assert Client().get("/metrics")["WWW-Authenticate"] == 'Bearer realm="operators"'


def test_without_a_runtime_the_web_process_tells_of_itself_and_of_that(installation: Any) -> None:
    installation("", production=False)
    get("/metrics")
    text = get("/metrics")[1].decode()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert [sample.value for sample in found["flora_runtime_up"].samples] == [0.0]
    assert "flora_dispatch_success" not in found
    served = found["django_http_requests_total_by_method"]
    assert sum(sample.value for sample in served.samples if sample.name.endswith("_total")) >= 1
    assert get("/metrics/json") == (
        503,
        {"message": "Service unavailable: the runtime does not answer"},
    )

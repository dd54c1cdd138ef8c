"""The side bar, for owners and for operators."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from deployments.actor import Actor


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    guilds = [
        _item("Guilds", "groups", "guild"),
        _item("Revisions", "history", "revision"),
        _item("Logs", "subject", "logentry"),
        _item("Faults", "report", "fault"),
        _item("KV data", "database", "kvstore"),
        _item("Secrets", "lock", "secret"),
        _item("Cron jobs", "schedule", "cronjob"),
        _item("Tasks", "alarm", "task"),
        _item("Runs", "checklist", "jobrun"),
    ]
    access = [_item("API tokens", "key", "apitoken"), _item("Audit", "policy", "auditevent")]
    if Actor.of(request).is_operator:
        access.append(_item("Accounts", "person", "user"))
    groups = [{"title": "Scripts", "items": guilds}, {"title": "Access", "items": access}]
    if Actor.of(request).is_operator:
        workers = {"title": "Workers", "icon": "memory", "link": reverse("admin:workers")}
        groups.append({"title": "Operation", "items": [workers]})
    if settings.FLORA.simulated_discord:
        chat = {"title": "Chat", "icon": "forum", "link": "/sandbox/"}
        groups.append({"title": "Simulated Discord", "items": [chat]})
    return groups


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse(f"admin:deployments_{model}_changelist"),
    }

"""The API's routes, under /api. Each answers with and without a final slash, never a redirect."""

from typing import Any, NoReturn

from django.urls import URLPattern, path, re_path, register_converter
from django.urls.converters import StringConverter
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from deployments.api import cron, deployments, guilds, kv, secrets, tokens, workers
from deployments.api.health import Health, Public, Ready
from deployments.api.logs import Logs, LogStream
from deployments.api.me import Me


class KvKey(StringConverter):
    """Any text: slashes and line ends too."""

    regex = "(?s:.+)"


register_converter(KvKey, "key")

ROUTES: dict[str, type[APIView]] = {
    "health": Health,
    "ready": Ready,
    "auth/me": Me,
    "guilds": guilds.Guilds,
    "guilds/<str:guild_id>": guilds.GuildDetail,
    "guilds/<str:guild_id>/pause": guilds.Pause,
    "guilds/<str:guild_id>/resume": guilds.Resume,
    "guilds/<str:guild_id>/limits": guilds.Limits,
    "guilds/<str:guild_id>/settings": guilds.Settings,
    "guilds/<str:guild_id>/capabilities": guilds.Capabilities,
    "guilds/<str:guild_id>/lift-suspension": guilds.LiftSuspension,
    "guilds/<str:guild_id>/migrate": workers.Migrate,
    "workers": workers.Workers,
    "workers/<int:worker>/recycle": workers.Recycle,
    "workers/<int:worker>/drain": workers.Drain,
    "workers/<int:worker>/take-back": workers.TakeBack,
    "faults/<str:guild_id>": guilds.Faults,
    "deployments": deployments.Deployments,
    "deployments/<str:guild_id>": deployments.Deployment,
    "deployments/<str:guild_id>/history": deployments.History,
    "deployments/<str:guild_id>/revisions/<str:revision_id>": deployments.RevisionDetail,
    "deployments/<str:guild_id>/rollback/<str:revision_id>": deployments.Rollback,
    "logs/<str:guild_id>": Logs,
    "cron/<str:guild_id>": cron.CronJobs,
    "cron/<str:guild_id>/<path:name>/run": cron.Run,
    "cron/<str:guild_id>/<path:name>/runs": cron.Runs,
    "logs/<str:guild_id>/stream": LogStream,
    "secrets/<str:guild_id>": secrets.Secrets,
    "secrets/<str:guild_id>/<str:name>": secrets.Secret,
    "kv/stores": kv.Stores,
    "kv/stores/<str:guild_id>/<str:store>": kv.Store,
    "kv/export/<str:guild_id>": kv.Exports,
    "kv/export/<str:guild_id>/<str:export_id>": kv.ExportFile,
    "kv/import/<str:guild_id>": kv.Import,
    "kv/<str:guild_id>/<str:store>": kv.Keys,
    "kv/<str:guild_id>/<str:store>/<key:key>": kv.Key,
    "tokens": tokens.Tokens,
    "tokens/<str:token_id>": tokens.Token,
}


@extend_schema(exclude=True)
class NoSuchRoute(Public):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotFound(request.path)


urlpatterns: list[URLPattern] = [
    path(f"{route}{slash}", view.as_view()) for route, view in ROUTES.items() for slash in ("", "/")
]
urlpatterns.append(re_path("", NoSuchRoute.as_view()))

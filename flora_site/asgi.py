"""The web process: pages and API over HTTP, browser websockets through Channels."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flora_site.settings")
# Sets Django up: what comes below needs it.
pages = get_asgi_application()

from django.conf import settings  # noqa: E402


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    """Ends the handshake, which a browser sees as HTTP 403."""
    await send({"type": "websocket.close"})


def _websockets() -> list[Any]:
    routes: list[Any] = []
    no_such_socket: Any = _refuse
    if settings.FLORA.simulated_discord:
        from gateway.sandbox.routing import websocket_urlpatterns

        routes += websocket_urlpatterns
    return [*routes, re_path(r"", no_such_socket)]


application = ProtocolTypeRouter(
    {"http": pages, "websocket": AllowedHostsOriginValidator(URLRouter(_websockets()))}
)

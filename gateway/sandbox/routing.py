"""The chat page's websocket."""

from django.urls import path

from gateway.sandbox.relay import ChatRelay

websocket_urlpatterns = [path("sandbox/socket", ChatRelay.as_asgi())]

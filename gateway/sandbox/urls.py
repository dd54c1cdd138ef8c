"""The chat page of the simulated Discord. What it shows comes through routing.py's websocket."""

from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

urlpatterns = [
    path("", never_cache(TemplateView.as_view(template_name="sandbox/chat.html")), name="sandbox")
]

"""Where pages and the API answer."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView

from deployments.admin.site import site
from deployments.api.metrics import MetricsJson, MetricsText
from deployments.api.urls import NoSuchRoute

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", site.urls),
    path("api", NoSuchRoute.as_view()),
    path("api/", include("deployments.api.urls")),
    path("api-docs/openapi.json", SpectacularJSONAPIView.as_view()),
    path("metrics", MetricsText.as_view()),
    path("metrics/", MetricsText.as_view()),
    path("metrics/json", MetricsJson.as_view()),
    path("metrics/json/", MetricsJson.as_view()),
]
if settings.FLORA.simulated_discord:
    urlpatterns.append(path("sandbox/", include("gateway.sandbox.urls")))

handler400 = "flora_site.error_pages.bad_request"
handler404 = "flora_site.error_pages.not_found"
handler500 = "flora_site.error_pages.server_error"

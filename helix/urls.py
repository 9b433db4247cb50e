"""Where every address of the product leads."""

from django.contrib import admin
from django.urls import include, path

from helix import health
from helix.api import api

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("accounts.urls")),
    path("", include("flows.urls")),
]

handler500 = "helix.error_pages.broken"

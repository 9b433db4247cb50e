"""Where every address of the product leads."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from flows.graphql.view import graphql
from helix import health
from helix.api import api
from runs.api.hooks import hook

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("api/graphql", graphql),
    path("hooks/<str:token>", hook, name="hook"),
    path("", include("accounts.urls")),
    path("", include("runs.urls")),
    path("", include("flows.urls")),
]

handler400 = "helix.error_pages.malformed"
handler403 = "helix.error_pages.forbidden"
handler404 = "helix.error_pages.not_found"
handler500 = "helix.error_pages.broken"

"""Where every address of the product leads."""

from django.contrib import admin
from django.urls import include, path

from helix.api import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("", include("accounts.urls")),
    path("", include("flows.urls")),
]

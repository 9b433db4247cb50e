"""Pages of the library and the editor."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

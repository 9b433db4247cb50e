"""Pages about the person: login, logout, registration."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

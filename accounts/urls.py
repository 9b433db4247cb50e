"""Pages about the person: login, logout, registration."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("login/demo/", views.demo_log_in, name="demo-login"),
    path("register/", views.register, name="register"),
    path("logout/", views.log_out, name="logout"),
]

"""Pages of runs, and the fragments that the editor asks for."""

from django.urls import path

from runs import pages

app_name = "runs"
urlpatterns = [
    path("flows/<uuid:flow_id>/runs/", pages.panel, name="panel"),
    path("flows/<uuid:flow_id>/runs/list", pages.items, name="list"),
    path("flows/<uuid:flow_id>/runs/start", pages.start, name="start"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/", pages.run, name="run"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/layout.css", pages.layout, name="layout"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/drawer", pages.drawer, name="drawer"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/steer", pages.steer, name="steer"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/answer", pages.answer, name="answer"),
    path("flows/<uuid:flow_id>/runs/<uuid:run_id>/nodes/<str:node_id>", pages.node, name="node"),
    path("flows/<uuid:flow_id>/triggers/", pages.triggers, name="triggers"),
    path("flows/<uuid:flow_id>/secrets/", pages.secrets, name="secrets"),
    path("teams/<uuid:team_id>/secrets/", pages.team_secrets, name="team-secrets"),
    path("flows/<uuid:flow_id>/notifications/", pages.rules, name="rules"),
    path("notifications/", pages.notifications, name="notifications"),
    path("questions/", pages.questions, name="questions"),
    path("dead-letters/", pages.dead_letters, name="dead-letters"),
    path("workers/", pages.workers, name="workers"),
]

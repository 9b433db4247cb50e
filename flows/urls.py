"""Pages of the library and the editor, and the fragments htmx asks for."""

from django.urls import path

from flows import views

app_name = "flows"
urlpatterns = [
    path("", views.library, name="library"),
    path("worker.js", views.worker, name="worker"),
    path("offline/", views.offline, name="offline"),
    path("flows/", views.create, name="create"),
    path("flows/inspectors", views.inspectors, name="inspectors"),
    path("flows/<uuid:flow_id>/", views.editor, name="editor"),
    path("flows/<uuid:flow_id>/layout.css", views.layout, name="layout"),
    path("flows/<uuid:flow_id>/canvas", views.canvas, name="canvas"),
    path("flows/<uuid:flow_id>/inspector", views.inspector, name="inspector"),
    path("flows/<uuid:flow_id>/members", views.members, name="members"),
    path("flows/<uuid:flow_id>/members/<int:user_id>", views.member, name="member"),
    path("flows/<uuid:flow_id>/rename", views.rename, name="rename"),
    path("flows/<uuid:flow_id>/duplicate", views.duplicate, name="duplicate"),
    path("flows/<uuid:flow_id>/delete", views.delete, name="delete"),
    path("flows/<uuid:flow_id>/restore", views.restore, name="restore"),
]

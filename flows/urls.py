"""Pages of the library and the editor, and the fragments htmx asks for."""

from django.urls import path

from flows import pages

app_name = "flows"
urlpatterns = [
    path("", pages.library, name="library"),
    path("worker.js", pages.worker, name="worker"),
    path("offline/", pages.offline, name="offline"),
    path("flows/", pages.create, name="create"),
    path("flows/inspectors", pages.inspectors, name="inspectors"),
    path("flows/<uuid:flow_id>/", pages.editor, name="editor"),
    path("flows/<uuid:flow_id>/layout.css", pages.layout, name="layout"),
    path("flows/<uuid:flow_id>/canvas", pages.canvas, name="canvas"),
    path("flows/<uuid:flow_id>/inspector", pages.inspector, name="inspector"),
    path("flows/<uuid:flow_id>/members", pages.members, name="members"),
    path("flows/<uuid:flow_id>/members/<int:user_id>", pages.member, name="member"),
    path("flows/<uuid:flow_id>/rename", pages.rename, name="rename"),
    path("flows/<uuid:flow_id>/duplicate", pages.duplicate, name="duplicate"),
    path("flows/<uuid:flow_id>/delete", pages.delete, name="delete"),
    path("flows/<uuid:flow_id>/restore", pages.restore, name="restore"),
]

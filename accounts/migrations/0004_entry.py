"""Write down whose the sessions are that began before logins had rows of their own."""

from importlib import import_module

from django.conf import settings
from django.db import migrations
from django.utils import timezone

UNKNOWN = "0.0.0.0"


def write_down(apps, schema_editor):
    models = apps.get_model("sessions", "Session"), apps.get_model("accounts", "User")
    sessions, users = (model._base_manager.using(schema_editor.connection.alias) for model in models)
    logins = apps.get_model("usersessions", "UserSession")._base_manager.using(schema_editor.connection.alias)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    people = set(users.values_list("pk", flat=True))
    for session in sessions.filter(expire_date__gt=timezone.now()).iterator():
        user_id = int(store.decode(session.session_data).get("_auth_user_id") or 0)
        if user_id in people:
            logins.get_or_create(
                session_key=session.pk, defaults={"user_id": user_id, "ip": UNKNOWN, "user_agent": ""}
            )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_people"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(write_down, migrations.RunPython.noop)]

"""Events of runs are never changed, and go only with their run (`runs.append_only`)."""

from django.db import migrations

from runs import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]

"""Let the database refuse any change to what stands in the log."""

from django.db import migrations

from flows.storage import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection, ["flows_change"])


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection, ["flows_change"])


class Migration(migrations.Migration):
    dependencies = [("flows", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]

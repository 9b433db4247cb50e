"""What flows are found by, and the one way in which a log may go (`flows.storage.append_only`)."""

import django.db.models.deletion
from django.db import migrations, models

from flows.storage import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection)


def without_purging(apps, schema_editor):
    append_only.install(schema_editor.connection, purging=False)


class Migration(migrations.Migration):
    dependencies = [("flows", "0016_audit")]

    operations = [
        migrations.CreateModel(
            name="FlowText",
            fields=[
                (
                    "flow",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="flows.flow",
                    ),
                ),
                ("version", models.PositiveBigIntegerField()),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Purging",
            fields=[("flow", models.UUIDField(primary_key=True, serialize=False))],
        ),
        migrations.RunPython(install, without_purging),
    ]

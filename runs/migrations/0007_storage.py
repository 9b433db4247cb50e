"""Count what each run keeps, and for each flow and person in all; of runs from before, `0008_fill_storage` does."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from flows.storage import row_level_security
from runs.row_level_security import POLICIES

TABLE = "runs_flowrunstorage"


def install(apps, schema_editor):
    row_level_security.install(schema_editor.connection, {TABLE: POLICIES[TABLE]})


def remove(apps, schema_editor):
    row_level_security.remove(schema_editor.connection, [TABLE])


def total(of, to):
    whose = models.OneToOneField(
        on_delete=django.db.models.deletion.CASCADE,
        primary_key=True,
        related_name="run_storage",
        serialize=False,
        to=to,
    )
    return [(of, whose), ("storage", models.PositiveBigIntegerField(default=0))]


class Migration(migrations.Migration):
    dependencies = [("runs", "0006_responsible"), ("flows", "0022_delivery_person")]
    operations = [
        migrations.AddField(
            "run",
            "storage",
            models.PositiveBigIntegerField(default=0, editable=False, verbose_name="storage"),
        ),
        migrations.AddField("run", "counted", models.PositiveBigIntegerField(default=0, editable=False)),
        migrations.AddIndex("run", models.Index(fields=["-counted", "-id"], name="runs_by_storage")),
        migrations.CreateModel("FlowRunStorage", total("flow", "flows.flow")),
        migrations.CreateModel("PersonRunStorage", total("user", settings.AUTH_USER_MODEL)),
        migrations.RunPython(install, remove),
    ]

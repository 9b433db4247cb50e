"""Let PostgreSQL itself show each only the runs of flows that are theirs (`runs.row_level_security`)."""

from django.db import migrations

from flows.storage import row_level_security
from runs.row_level_security import POLICIES

TABLES = """
runs_plan runs_run runs_task runs_attempt runs_checkpoint runs_runevent runs_blob runs_question runs_secret
runs_trigger runs_triggerevent runs_memoryentry runs_notice
""".split()


def install(apps, schema_editor):
    row_level_security.install(schema_editor.connection, {table: POLICIES[table] for table in TABLES})


def remove(apps, schema_editor):
    row_level_security.remove(schema_editor.connection, TABLES)


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_teams"), ("flows", "0018_barrier")]
    operations = [migrations.RunPython(install, remove)]

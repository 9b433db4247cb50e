"""Let PostgreSQL itself show each only the flows that are theirs (`flows.storage.row_level_security`)."""

from django.db import migrations

from flows.storage import row_level_security

TABLES = """
flows_flow flows_membership flows_teamshare flows_flowinvitation flows_link flows_visit flows_star flows_opening
flows_viewport flows_flownode flows_flowedge flows_change flows_answer flows_snapshot flows_usage flows_job
flows_templateuse flows_webhook flows_delivery flows_owntemplate flows_flowtext flows_purging
""".split()


def install(apps, schema_editor):
    row_level_security.install(schema_editor.connection, {table: row_level_security.POLICIES[table] for table in TABLES})
    row_level_security.install_audit(schema_editor.connection)


def remove(apps, schema_editor):
    row_level_security.remove(schema_editor.connection, [row_level_security.AUDIT, *TABLES], functions=True)


class Migration(migrations.Migration):
    dependencies = [("flows", "0017_library"), ("accounts", "0003_people")]
    operations = [migrations.RunPython(install, remove)]

"""Let the audit log be read by way, by address, and by who did it in a flow, however old it is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flows", "0019_doors")]
    operations = [
        migrations.AddIndex(
            "auditentry",
            models.Index(fields=["flow", "actor", "at", "number"], name="audit_by_flow_actor"),
        ),
        migrations.AddIndex("auditentry", models.Index(fields=["via", "at", "number"], name="audit_by_way")),
        migrations.AddIndex("auditentry", models.Index(fields=["address", "at", "number"], name="audit_by_address")),
    ]

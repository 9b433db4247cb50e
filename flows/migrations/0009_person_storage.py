"""A person's storage is counted up in one row of their own, where it was summed over all flows for every edit."""

from django.conf import settings
from django.db import migrations, models

SUM = (
    "INSERT INTO flows_personstorage (user_id, storage) SELECT user_id, SUM(storage) FROM flows_usage GROUP BY user_id"
)


class Migration(migrations.Migration):
    dependencies = [("flows", "0008_membership_by_name")]

    operations = [
        migrations.AddField(
            model_name="usage",
            name="untold",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name="PersonStorage",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                ("storage", models.PositiveBigIntegerField(default=0, verbose_name="storage")),
            ],
        ),
        migrations.RunSQL(SUM, migrations.RunSQL.noop),
    ]

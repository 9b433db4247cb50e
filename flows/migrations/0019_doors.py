"""When visits of guests end by themselves, where they came from, and whether those who came by a link may run a flow."""

from datetime import timedelta

from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def end_visits(apps, schema_editor):
    visits = apps.get_model("flows", "Visit")._base_manager.using(schema_editor.connection.alias)
    ends_at = timezone.now() + timedelta(days=settings.HELIX_LIMITS.guest_days)
    visits.filter(user__is_guest=True, ended_at=None).update(ends_at=ends_at)


class Migration(migrations.Migration):
    dependencies = [("flows", "0018_barrier"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="links_can_run",
            field=models.BooleanField(default=False, verbose_name="visitors by link may run it"),
        ),
        migrations.AddField(
            model_name="visit",
            name="ends_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ends"),
        ),
        migrations.AddField(
            model_name="visit",
            name="network",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.AddIndex(
            model_name="visit",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["ends_at"], name="ends_of_visits"),
        ),
        migrations.RunPython(end_visits, migrations.RunPython.noop),
    ]

import uuid

from django.db import migrations, models
from django.db.models import F


def keep_lanes(apps, schema_editor):
    """What belongs to a webhook goes on in that webhook's lane."""
    Delivery = apps.get_model("flows", "Delivery")
    Delivery.objects.filter(webhook__isnull=False).update(lane=F("webhook_id"))
    for delivery in Delivery.objects.filter(lane=None).only("pk"):
        Delivery.objects.filter(pk=delivery.pk).update(lane=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("flows", "0012_webhooks")]

    operations = [
        migrations.AddField(
            "webhook", "channel", models.CharField(default="webhook", max_length=16, verbose_name="channel")
        ),
        migrations.AddField("webhook", "rule", models.UUIDField(editable=False, null=True, verbose_name="rule")),
        migrations.AddField("webhook", "place", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AddField("webhook", "quiet", models.PositiveIntegerField(default=0, verbose_name="quiet seconds")),
        migrations.AddField("delivery", "target", models.TextField(blank=True, default="", verbose_name="target")),
        migrations.AddField("delivery", "lane", models.UUIDField(editable=False, null=True)),
        migrations.RunPython(keep_lanes, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("delivery", "lane", models.UUIDField(default=uuid.uuid4, editable=False)),
        migrations.AddIndex("delivery", models.Index(fields=["lane", "-at"], name="flows_delivery_of_lane")),
    ]

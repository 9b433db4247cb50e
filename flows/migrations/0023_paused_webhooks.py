"""Say why a webhook hears nothing any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flows", "0022_delivery_person")]
    operations = [
        migrations.AddField(
            "webhook",
            "paused",
            models.TextField(blank=True, default="", editable=False, verbose_name="paused"),
        ),
    ]

"""Which token a token was made with; team invitations that are for any account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_entry")]

    operations = [
        migrations.AddField(
            model_name="personaltoken",
            name="made_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="made",
                to="accounts.personaltoken",
            ),
        ),
        migrations.AddField(
            model_name="teaminvitation",
            name="is_open",
            field=models.BooleanField(default=False, verbose_name="for any account"),
        ),
    ]

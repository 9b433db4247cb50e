from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_doors"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Login",
            fields=[],
            options={
                "verbose_name": "login",
                "verbose_name_plural": "logins",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("usersessions.usersession",),
        ),
    ]

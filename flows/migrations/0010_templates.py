"""A person's own templates, and of which template a flow was made."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("flows", "0009_person_storage")]

    operations = [
        migrations.CreateModel(
            name="OwnTemplate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.TextField(verbose_name="title")),
                ("description", models.TextField(blank=True, default="", verbose_name="description")),
                ("category", models.TextField(blank=True, default="", verbose_name="category")),
                ("parameters", models.JSONField(default=list, verbose_name="parameters")),
                ("graph", models.TextField(verbose_name="graph")),
                ("size", models.PositiveIntegerField(verbose_name="size")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="templates",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "template",
                "verbose_name_plural": "templates",
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="TemplateUse",
            fields=[
                (
                    "flow",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="template_use",
                        serialize=False,
                        to="flows.flow",
                    ),
                ),
                ("template", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=16)),
                ("base", models.TextField()),
            ],
        ),
    ]

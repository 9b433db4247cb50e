"""Keep the vectors of what flows remember."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0004_barrier")]
    operations = [
        migrations.AddField(
            "memoryentry", "embedded_by", models.CharField(default="", editable=False, max_length=200)
        ),
        migrations.AddField("memoryentry", "vector", models.BinaryField(default=b"")),
        migrations.AddField(
            "memoryentry", "vector_bytes", models.PositiveIntegerField(default=0, editable=False)
        ),
        migrations.RemoveIndex("memoryentry", "memory_by_bytes"),
        migrations.AddIndex(
            "memoryentry", models.Index(fields=["flow", "bytes", "vector_bytes"], name="memory_by_sizes")
        ),
    ]

"""Seal the secrets of webhooks as all others are (`web.sealing`), so that they follow a change of the key.

They were encrypted by a key of their own, which followed from the secret key. What that opens no more stays as it is: it
opens nowhere, as before.
"""

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import migrations

from web.sealing import seal, unseal


def seal_anew(apps, schema_editor):
    box = former_box()
    webhooks = apps.get_model("flows", "Webhook").objects.using(schema_editor.connection.alias)
    for id, was in webhooks.exclude(sealed="").values_list("pk", "sealed").iterator(chunk_size=500):
        try:
            secret = box.decrypt(was.encode()).decode()
        except InvalidToken:
            continue
        webhooks.filter(pk=id).update(sealed=seal(secret, f"webhook {id}"))


def seal_as_before(apps, schema_editor):
    box = former_box()
    webhooks = apps.get_model("flows", "Webhook").objects.using(schema_editor.connection.alias)
    for id, sealed in webhooks.exclude(sealed="").values_list("pk", "sealed").iterator(chunk_size=500):
        if secret := unseal(sealed, f"webhook {id}"):
            webhooks.filter(pk=id).update(sealed=box.encrypt(secret.encode()).decode())


def former_box():
    words = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [sha256(f"webhook secrets:{word}".encode()).digest() for word in words]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


class Migration(migrations.Migration):
    dependencies = [("flows", "0020_audit_indexes")]
    operations = [
        migrations.RenameField("webhook", "secret", "sealed"),
        migrations.RunPython(seal_anew, seal_as_before),
    ]

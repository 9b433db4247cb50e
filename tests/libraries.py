"""Loads the libraries that Helix uses and nothing of Helix: what is forked from here has them already.

They need no settings. What would choose an event loop for the process (`daphne`, Twisted's reactor) stays out.
"""

import gc
from importlib import import_module

LIBRARIES = """
    asyncio smtplib sqlite3 ssl unittest xml.dom.minidom allauth.core.ratelimit anyio channels.layers
    charset_normalizer cronsim cryptography.fernet cryptography.x509 defusedxml.ElementTree django.contrib.admin
    django.core.management django.db.migrations django.db.models django.forms django.middleware.csrf django.template
    django.test fido2.webauthn h11 httpcore jsonpath jsonschema_rs minijinja orjson prometheus_client psycopg
    pydantic.json_schema pydantic.networks pydantic.types pydantic_monty requests ruamel.yaml sqlparse structlog
    twisted.python.log typer whitenoise.storage
"""

for name in LIBRARIES.split():
    import_module(name)
gc.collect()
gc.freeze()

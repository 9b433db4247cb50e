"""The one REST API: routers of every app, one error table."""

from ninja import NinjaAPI

api = NinjaAPI(title="Helix", version="1", openapi_url="/openapi.json", docs_url="/docs")

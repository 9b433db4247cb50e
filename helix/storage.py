"""Static files under hashed names, ES module imports included, so that a browser may keep them for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class StaticStorage(ManifestStaticFilesStorage):
    """Rewrite `import` statements of our modules to the hashed names too."""

    support_js_module_import_aggregation = True
    manifest_strict = False

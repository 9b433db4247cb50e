"""Mermaid and Graphviz themselves, in the tests' browser: what they read in a text.

Both come from npm into `node_modules` (`install` beside this file; versions in the lock file), for the nightly
comparison and for recording `tests/vectors/interchange_text.json`, against which `make test` compares without them.
Neither is shipped. Graphviz runs inside the browser, so what a file names is never opened.
"""

"""Templates: flows to begin with. Those that come with the product are files here, a person's own are rows.

`builtin` reads the files once, `parameters` puts values where a template asks for them. A template is the same value
wherever it comes from: `Template`.
"""

from flows.templates.builtin import POPULAR, builtin, builtin_count, builtin_one
from flows.templates.parameters import fill, parameters_of
from flows.templates.template import Offer, Parameter, Template

__all__ = [
    "POPULAR",
    "Offer",
    "Parameter",
    "Template",
    "builtin",
    "builtin_count",
    "builtin_one",
    "fill",
    "parameters_of",
]

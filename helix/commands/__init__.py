"""The commands about flows, `helix flows …`, against a server or on the data folder of this machine.

Both ways speak the REST API: over the network, or to the same code in this process (`local`). So a command says and
refuses the same whichever way it goes.
"""

from helix.commands.flows import flows

__all__ = ["flows"]

"""What the server can do to a flow on request: computed and laid out here, one version and one step to undo.

An action is a pure function from a flow, what it is asked about and its parameters to operations (`action`). Those that
come with the product stand in one module for each group of them, others are found as entry points (`registry`).
`execute` computes on a copy of the flow, holding no lock, and submits the result; `jobs` keeps track of long ones.
"""

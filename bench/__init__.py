"""Speed, measured: one load generator, our server and two others, one schedule, one table.

Run by hand or on a schedule (`make bench`), never as a timed test: what is a figure here depends on the machine, and
only the ratios of one run mean something. `docs/performance.md` keeps a recorded run beside the gates.
"""

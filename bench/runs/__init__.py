"""What runs cost: steps, fan-outs, take-overs, edits meanwhile, memory; `python -m bench.runs`."""

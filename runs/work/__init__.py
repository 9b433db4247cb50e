"""Workers: they take tasks from the engine, execute them, and say how they ended; and they watch over each other.

    process ─ Embedded (inside the server) or the child of `helix worker` (`standalone`)
    └─ Incarnation     one worker id from start to end: its row, lock, beat, fence, and what it holds
       ├─ Performer    claim → execute → settle, one call for each task
       └─ reconcile    takes over from the dead, hands what was not handed, and looks at the clock

A worker that may have been replaced is given up as a whole, under its id, and the next one has a new id: so nothing
has to find out what of an old one is still true.
"""

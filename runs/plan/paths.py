"""Where a task is: "" in the run itself, else the indexes of the loops around it, the outermost first ("3", "3.0")."""


def inside(path: str, index: int) -> str:
    """Return the path of one iteration of a loop."""
    return f"{path}.{index}" if path else str(index)


def around(path: str) -> tuple[str, int]:
    """Return the path of the innermost loop around a task, and the index of the iteration."""
    outer, _dot, index = path.rpartition(".")
    return outer, int(index)


def depth_of(path: str) -> int:
    """Return how many loops are around."""
    return path.count(".") + 1 if path else 0


def outwards(path: str, depth: int) -> str:
    """Return the part of a path that names the outer `depth` loops' iterations."""
    return ".".join(path.split(".")[:depth]) if depth else ""

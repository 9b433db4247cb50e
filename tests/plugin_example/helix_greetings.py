"""An example of a plug-in: two actions of a package outside the product."""

from flows.actions.action import Action, Plan, Task
from flows.document import EditNode, Setting, Skipped


def greet(task: Task) -> list[EditNode]:
    """Put a greeting into the node's description."""
    return [EditNode(task.node.id, {"description": f"{task.text('greeting')}, {task.node.label}!"})]


def mute(task: Task) -> Plan:
    """Empty the descriptions of the selection; those that are empty are left out."""
    spoken = [node for node in task.nodes if node.description]
    silent = tuple(Skipped("node", node.id) for node in task.nodes if not node.description)
    return Plan([{"kind": "edit_node", "id": node.id, "set": {"description": ""}} for node in spoken], silent)


GREET = Action(
    id="greet",
    title="Greet",
    description="Put a greeting into the description.",
    on="node",
    parameters=(Setting(name="greeting", title="Greeting", type="text", default="Hello"),),
    compute=greet,
)
MUTE = Action(id="mute", title="Mute", description="Empty descriptions.", on="selection", compute=mute)
ACTIONS = [GREET, MUTE]
RUBBISH = "no action"
LISTS = Action(id="lists", title="Lists", description="", on="node", kinds=["agent"], parameters=None, compute=greet)  # type: ignore[arg-type]

"""What stands on the canvas and never runs."""

from flows.document.kinds.catalogue import Kind, Setting, long_setting

NOTE = Kind(
    name="note",
    title="Note",
    group="Canvas",
    icon="sticky-note",
    colour="#eab308",
    width=176,
    height=80,
    inputs=(),
    outputs=(),
    settings=(long_setting("text", "Text", "Note", help="Markdown.", example="Why it is so"),),
)


GROUP = Kind(
    name="group",
    title="Group",
    group="Canvas",
    icon="frame",
    colour="#94a3b8",
    width=320,
    height=200,
    inputs=(),
    outputs=(),
    settings=(Setting(name="collapsed", title="Collapsed", type="boolean", default=False, section="Group"),),
)

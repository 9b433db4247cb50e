"""Row-level security (`flows.storage.row_level_security`) for the tables of runs."""

from collections.abc import Mapping

from flows.storage.row_level_security import of_flow, of_parent, of_person

POLICIES: Mapping[str, str] = {
    "runs_plan": of_flow(),
    "runs_run": of_flow(),
    "runs_flowrunstorage": of_flow(),
    "runs_task": of_parent("runs_run", "run_id"),
    "runs_attempt": of_parent("runs_task", "task_id", "key"),
    "runs_checkpoint": of_parent("runs_task", "task_id", "key"),
    "runs_runevent": of_parent("runs_run", "run_id"),
    "runs_blob": of_parent("runs_run", "run_id"),
    "runs_question": of_flow(),
    "runs_secret": of_flow(),
    "runs_trigger": of_flow(),
    "runs_triggerevent": of_parent("runs_trigger", "trigger_id"),
    "runs_memoryentry": of_flow(),
    "runs_notice": of_person("person_id"),
}
"""Who sees and writes which rows."""

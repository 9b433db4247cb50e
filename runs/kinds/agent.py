"""Executes an agent: prompts from its templates, rounds of a model and its tools, an answer as text or by schema.

Every call of a model and of a tool is a checkpoint, so a worker that takes over, and a further try, go on at the first
one that was not made. An answer that does not fit its schema, after one repair, ends this take: the next try asks anew.
What all takes used is counted, however they ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flows import limits
from flows.document import KINDS
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done, Work
from runs.kinds.texts import filled, text_setting
from runs.providers.asking import Candidate, Try, ask_chain
from runs.providers.prompts import REPAIR, SCHEMA, answer_in, as_text, instructed, json_in, told
from runs.providers.registry import chain_for
from runs.providers.replies import read_reply, read_tries, written_reply, written_tries
from runs.providers.values import Ask, Call, Message, ProviderFailure, Reply, Tool, ToolCall
from runs.schemas import misfit
from runs.tools.toolbox import Toolbox, ToolFailure, open_toolbox
from web.deferred_translation import kept as _
from web.write_transaction import release_connection

VERSION: Final = 1
SECONDS: Final = 300.0
"""For one call of a model, where the node sets no time."""
CALLS_PER_ROUND: Final = 16


def execute(work: Work) -> Done:
    """Ask the agent's model. Raises `TaskFailure`, with what was used."""
    take, tries = _take(work)
    try:
        chain = chain_for(text_setting(work.step.settings, "provider"), text_setting(work.step.settings, "model"))
        chosen = work.step.settings.get("tools")
        servers = [str(one) for one in chosen] if isinstance(chosen, list) else []
        toolbox = open_toolbox(servers, seconds=_left(work), on_cancel=work.on_cancel)
        return Done(_Talk.begun(work, chain, toolbox, take, tries).result(), usage=_usage(tries))
    except ProviderFailure as failure:
        retry = {"is_retryable": failure.goes_on, "retry_after": failure.retry_after}
        raise TaskFailure(failure.code, failure.message, usage=_usage(tries), **retry) from None  # type: ignore[arg-type]
    except ToolFailure as failure:
        code = "cancelled" if work.cancelled.is_set() else "tool"
        raise TaskFailure(code, failure.message, is_retryable=failure.is_retryable, usage=_usage(tries)) from None
    except TaskFailure as failure:
        failure.usage = _usage(tries)
        raise


@dataclass(slots=True)
class _Talk:
    """One conversation: what is said so far, and the calls that it took."""

    work: Work
    chain: Sequence[Candidate]
    toolbox: Toolbox
    system: str
    messages: list[Message]
    schema: Mapping[str, Json] | None
    take: int
    tries: list[Try]
    asked: int = 0

    @classmethod
    def begun(cls, work: Work, chain: Sequence[Candidate], toolbox: Toolbox, take: int, tries: list[Try]) -> "_Talk":
        """Begin a conversation by what the node says."""
        system = instructed(_rendered(work, "system_prompt"), text_setting(work.step.settings, "reasoning"))
        prompt = _rendered(work, "prompt") or told(work.names)
        schema = work.step.settings.get("output_schema")
        misfit(None, schema)
        shape = schema if isinstance(schema, dict) and schema else None
        return cls(work, chain, toolbox, system, [Message("user", prompt)], shape, take, tries)

    def result(self) -> Json:
        """Return the agent's answer: a text, or what fits its schema."""
        thinks = bool(self.toolbox.tools) or bool(self.system and answer_in(f"{self.system}\n.") == ".")
        if self.schema is None:
            return answer_in(self._rounds())
        if thinks:
            self._says(Message("assistant", self._rounds()), Message("user", _shape(self.schema)))
        else:
            self.system = "\n\n".join(part for part in (self.system, _shape(self.schema)) if part)
        return self._shaped(self.schema)

    def _rounds(self) -> str:
        """Ask until the model wants no tool any more; return what it says then."""
        most = limits.current().tool_rounds
        for number in range(most + 1):
            reply = self._ask(tools=self.toolbox.tools)
            if not reply.calls:
                return reply.text
            if number == most:
                break
            self._says(Message("assistant", reply.text, reply.calls))
            for place, call in enumerate(reply.calls):
                self._says(
                    Message("tool", self._tool(call, f"{self.take}.tool.{number + 1}.{place + 1}", place), (), call.id)
                )
        self._spend()
        raise TaskFailure("tool", _("The agent wanted tools more than {most} times.").format(most=most))

    def _shaped(self, schema: Mapping[str, Json]) -> Json:
        for _try in range(2):
            reply = self._ask(schema=schema)
            is_json, value = json_in(answer_in(reply.text))
            wrong = misfit(value, schema) if is_json else _("There is no JSON in it.")
            if not wrong:
                return value
            self._says(Message("assistant", reply.text), Message("user", f"{REPAIR} {wrong}"))
        self._spend()
        raise TaskFailure("invalid_output", _("The answer does not fit the schema: {wrong}").format(wrong=wrong))

    def _ask(self, *, tools: Sequence[Tool] = (), schema: Mapping[str, Json] | None = None) -> Reply:
        self.asked += 1
        name = f"{self.take}.model.{self.asked}"
        is_known, kept = self.work.checkpoints.get(name)
        if is_known:
            reply, tries = read_reply(kept)
            self.tries += tries
            return reply
        settings = self.work.step.settings
        ask = Ask(
            system=self.system,
            messages=tuple(self.messages),
            tools=tuple(tools),
            temperature=_number(settings.get("temperature"), "temperature"),
            max_tokens=int(_number(settings.get("max_tokens"), "max_tokens")),
            schema=schema,
        )
        release_connection()
        made: list[Try] = []
        try:
            answered = ask_chain(self.chain, ask, self._call(name), made)
        finally:
            self.tries += made
        self.work.checkpoints.save(name, written_reply(answered.reply, answered.tries))
        return answered.reply

    def _call(self, name: str) -> Call:
        work = self.work
        return Call(
            seconds=_left(work),
            key=f"{work.task}.{name}",
            say=work.say,
            cancelled=work.cancelled,
            on_cancel=work.on_cancel,
        )

    def _tool(self, call: ToolCall, name: str, place: int) -> str:
        is_known, kept = self.work.checkpoints.get(name)
        if is_known:
            return as_text(kept)
        if place >= CALLS_PER_ROUND:
            return "Too many calls at once."
        if self.work.cancelled.is_set():
            raise TaskFailure("cancelled", _("The run was cancelled."))
        release_connection()
        result = self.toolbox.call(call.name, call.arguments, seconds=_left(self.work), key=f"{self.work.task}.{name}")
        self.work.checkpoints.save(name, result.text)
        return result.text

    def _spend(self) -> None:
        """End this take: the next try asks anew, and counts what all takes used."""
        self.work.checkpoints.save(_spent(self.take), written_tries(self.tries))

    def _says(self, *messages: Message) -> None:
        self.messages.extend(messages)


def _rendered(work: Work, setting: str) -> str:
    return filled(text_setting(work.step.settings, setting), work.names).strip()


def _shape(schema: Mapping[str, Json]) -> str:
    return f"{SCHEMA}\n{as_text(dict(schema))}"


def _usage(tries: Sequence[Try]) -> dict[str, Json]:
    """Return what was used, and each call of a model; nothing where there was none."""
    if not tries:
        return {}
    calls: list[Json] = [
        {
            "provider": one.provider,
            "model": one.model,
            "outcome": one.outcome,
            "input_tokens": one.input_tokens,
            "output_tokens": one.output_tokens,
        }
        for one in tries
    ]
    return {
        "input_tokens": sum(one.input_tokens for one in tries),
        "output_tokens": sum(one.output_tokens for one in tries),
        "calls": calls,
    }


def _take(work: Work) -> tuple[int, list[Try]]:
    """Return which take this is, and the calls that those before made."""
    take, tries = 1, list[Try]()
    while True:
        is_spent, made = work.checkpoints.get(_spent(take))
        if not is_spent:
            return take, tries
        tries = read_tries(made) if isinstance(made, list) else tries
        take += 1


def _spent(take: int) -> str:
    return f"{take}.spent"


def _left(work: Work) -> float:
    """Return the seconds until the task's time is over. Raises `TaskFailure`."""
    left = work.seconds_left(SECONDS)
    if left <= 0:
        raise TaskFailure("timeout", _("The agent took too long."), is_retryable=True)
    return left


def _number(value: Json, setting: str) -> float:
    default = KINDS["agent"].by_name[setting].default
    found = default if isinstance(value, bool) or not isinstance(value, int | float) else value
    return float(found)  # type: ignore[arg-type]

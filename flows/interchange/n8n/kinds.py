"""Which kind of ours an n8n node is, and by which of our ports its outputs leave."""

from collections.abc import Iterable, Mapping

from flows.interchange.foreign_json import as_list, as_number, as_object, as_text, branch_names

_KINDS = {
    type.lower(): kind
    for kind, types in {
        "note": "stickyNote",
        "input": "manualTrigger formTrigger chatTrigger executeWorkflowTrigger start form manualChatTrigger "
        "evaluationTrigger",
        "sensor": "webhook cron interval emailReadImap",
        "output": "respondToWebhook respondToChat emailSend stopAndError",
        "api": "httpRequest graphql toolHttpRequest httpRequestTool mcpClientTool rssFeedRead ftp",
        "decision": "if switch filter textClassifier sentimentAnalysis guardrails",
        "loop": "splitInBatches loopOverItems",
        "skill": "code function functionItem executeCommand ssh executeWorkflow toolWorkflow toolCode toolCalculator "
        "codeTool aiTransform",
        "transform": "set merge itemLists aggregate sort limit splitOut dateTime html htmlExtract markdown xml crypto "
        "renameKeys noOp wait compression convertToFile extractFromFile removeDuplicates summarize editImage "
        "compareDatasets moveBinaryData spreadsheetFile readPDF jwt totp outputParserStructured "
        "outputParserAutofixing outputParserItemList textSplitterRecursiveCharacterTextSplitter "
        "textSplitterCharacterTextSplitter documentDefaultDataLoader documentBinaryInputLoader executionData "
        "debugHelper",
        "agent": "openAi anthropic googleGemini ollama mistralAi perplexity informationExtractor agent agentTool "
        "openAiAssistant googlePalm",
        "memory": "redis postgres mySql mongoDb microsoftSql sqlite supabase dataTable snowflake questDb crateDb "
        "timescaleDb cockroachDb neo4j elasticsearch",
    }.items()
    for type in types.split()
}
_BY_START = (
    ("vectorstore", "memory"),
    ("memory", "memory"),
    ("retriever", "memory"),
    ("lmchat", "agent"),
    ("lm", "agent"),
    ("chain", "agent"),
    ("embeddings", "transform"),
    ("outputparser", "transform"),
    ("textsplitter", "transform"),
)
_AI_OUTPUTS = (
    ("lm", "ai_languageModel"),
    ("memory", "ai_memory"),
    ("outputparser", "ai_outputParser"),
    ("embeddings", "ai_embedding"),
    ("document", "ai_document"),
    ("textsplitter", "ai_textSplitter"),
    ("retriever", "ai_retriever"),
    ("reranker", "ai_reranker"),
    ("tool", "ai_tool"),
)
IF_PORTS = ["true", "false"]


def short_type(type: str) -> str:
    """Return a type without its package, in lower case."""
    return type[-200:].rpartition(".")[2].lower()


def kind_of(type: str, *, has_credentials: bool = False) -> str:
    """Return the kind that a type means; an unknown one is a call if it needs credentials, else a `transform`."""
    short = short_type(type)
    if kind := _KINDS.get(short):
        return kind
    if short.endswith("trigger"):
        return "sensor"
    if short.endswith("tool") and "langchain" not in type:
        return "api"
    if "langchain" in type:
        for start, kind in _BY_START:
            if short.startswith(start):
                return kind
        return "skill" if short.startswith("tool") else "transform"
    return "api" if has_credentials else "transform"


def is_known(type: str) -> bool:
    """Tell whether a type, or what it begins with, means a kind."""
    short = short_type(type)
    return short in _KINDS or kind_of(type) != "transform" or short.startswith(tuple(start for start, _ in _BY_START))


def ports_by_output(type: str, version: float, parameters: Mapping[str, object]) -> list[str]:  # noqa: PLR0911
    """Return the port of each main output of a decision or loop, from the first; empty for other types."""
    match short_type(type):
        case "if":
            return IF_PORTS
        case "filter":
            return ["kept"]
        case "switch":
            return _switch_ports(parameters)
        case "textclassifier":
            categories = as_list(as_object(parameters.get("categories")).get("categories"))
            return [*_named(as_text(as_object(category).get("category")) for category in categories), "default"]
        case "sentimentanalysis":
            said = as_text(as_object(parameters.get("options")).get("categories")) or "Positive, Neutral, Negative"
            return _named(part.strip() for part in said.split(","))
        case "splitinbatches" | "loopoveritems":
            return ["out", "each"] if version >= 3 else ["each", "out"]
        case _:
            return []


def ai_output(type: str) -> str:
    """Return the type of connection by which a sub-node is plugged into another, or `main`."""
    short = short_type(type)
    if short.endswith("tool") and short != "agenttool":
        return "ai_tool"
    if "langchain" not in type:
        return "main"
    return next((output for start, output in _AI_OUTPUTS if short.startswith(start)), "main")


def _switch_ports(parameters: Mapping[str, object]) -> list[str]:
    if as_text(parameters.get("mode")) == "expression":
        count = as_number(parameters.get("numberOutputs") or parameters.get("outputsAmount"))
        return [str(number) for number in range(int(min(max(count or 4, 1), 100)))]
    rules = as_object(parameters.get("rules"))
    values = as_list(rules.get("values")) or as_list(rules.get("rules"))
    names = _named(_rule_name(as_object(rule), number) for number, rule in enumerate(values))
    options = as_object(parameters.get("options"))
    fallback = options.get("fallbackOutput", parameters.get("fallbackOutput"))
    return [*names, "default"] if fallback == "extra" else names


def _rule_name(rule: Mapping[str, object], number: int) -> str:
    """Return a rule's own name, else the value that it compares with, else its number."""
    if name := as_text(rule.get("outputKey")):
        return name
    compared = as_list(as_object(rule.get("conditions")).get("conditions"))
    value = as_object(compared[0]).get("rightValue") if len(compared) == 1 else rule.get("value2")
    said = as_text(value)
    return said if said and not said.startswith("=") else str(number)


def _named(names: Iterable[str]) -> list[str]:
    return branch_names(names)[:100]

"""No text hangs, fills the memory or ends the process, whatever it holds.

All run in one process of their own, with a limit on its memory and on the processor's time that each may take: the
limits fail the test, not a clock.
"""

import json
import subprocess
import sys

import pytest

CONDITIONS = [
    '"x" * 10**9',
    "[1] * 10**8",
    "10**8 * [1]",
    "[[1] * 10**4] * 10**4",
    "(1, 2) * 10**8",
    "input.rows * 10**9",
    "input.rows|list * 10**8",
    "[1][:1] * 10**8",
    "[1]\t*\n10**8",
    "(input.rows if 1 else 2) * 10**8",
    "3 * [1] * 10**8",
    "[-[1] * 10**8]",
    "1 in [1] * 10**8",
    "range(10**9)",
    "[" + "range(10000)," * 120 + "]",
    "range(9999)|map('default', range(9999))|list",
    "[1]|batch(1000, [1]|batch(1000, [1]|batch(1000, 1)))",
    "[1]|slice(1000)",
    "input.rows|map('nofilter')|list",
    "[" + "input," * 240 + "]",
    "[" + "input.text," * 160 + "]|string",
    "+".join(["input.rows"] * 240) + "|join",
    "~".join(["input.text"] * 240),
    '"{:>999999999}".format(1)',
    '"%999999999d"|format(1)',
    '"a"|center(10**9)',
    '"\\n\\n"|indent(10**9)',
    "input.text|replace('x', input.text)",
    "input.text|urlencode|urlencode",
    "2 ** 10 ** 10",
    "1" + "+1" * 30_000,
    "x" + ".a" * 30_000,
    "x" + "()" * 30_000,
    "-" * 60_000 + "1",
    "not " * 15_000 + "1",
    "x and " * 10_000 + "x",
    "2" + "**1" * 20_000,
    "[" * 5_000 + "]" * 5_000,
    "(" * 240 + "1" + ")" * 240,
    "input.deep",
    "[input.rows, input.rows] == [input.rows, input.rows]",
]
TEMPLATES = [
    "{{ [1] * 10**8 }}",
    "{% for a in input.rows %}{% for b in input.rows %}{{ a }}{% endfor %}{% endfor %}",
    "{% for a in input.rows %}{{ input }}{% endfor %}",
    "{% for a in input.rows %}{{ input|tojson }}{% endfor %}",
    "{% for a in input.rows %}{{ input.rows|sort|length }}{% endfor %}",
    "{% for a in input.rows %}" + "x" * 60_000 + "{% endfor %}",
    "{% for a in input.rows %}{{ input.text }}{% endfor %}",
    "{% for a in input.rows %}" * 300 + "{% endfor %}" * 300,
    "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
    "{% if x %}" + "{% elif x %}" * 5_000 + "{% endif %}",
    "{{" * 30_000,
    "{#" * 30_000,
    "{% raw %}" * 5_000,
    "{{ '" + "\\'" * 30_000,
    "{{ 1 }}" * 9_000,
]
PATHS = [
    "$" + "[*]" * 300,
    "$..[?@.a == $..b]",
    "$..*",
    "$.rows[?@ == 1][?@ == 2][?@ == 3]",
    "$" + "['a']" * 400,
    "$[?@ =~ /(x+)+y/]",
]

CHILD = """
import json, resource, sys
from flows.expressions import check_condition, check_template, evaluate, find, render
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
deep = []
for _ in range(90):
    deep = [deep]
value = {"rows": list(range(20_000)), "text": "x" * 1_000_000, "deep": deep}
context = {"input": value}
cases = json.load(sys.stdin)
hardest = resource.getrlimit(resource.RLIMIT_CPU)[1]
base = resource.getrusage(resource.RUSAGE_SELF)
for kind, text in cases:
    before = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(before.ru_utime + before.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 6, hardest))
    if kind == "condition":
        check_condition(text)
        evaluate(text, context)
        render("{{ " + text + " }}", context)
    elif kind == "template":
        check_template(text)
        render(text, context)
    else:
        find(text, value)
    print(json.dumps([kind, text[:40]]), flush=True)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base.ru_maxrss
print(json.dumps(["grown", grown // 1024]))
"""


@pytest.mark.parametrize(("kind", "texts"), [("condition", CONDITIONS), ("template", TEMPLATES), ("path", PATHS)])
def test_every_text_ends_within_its_bounds(kind: str, texts: list[str]) -> None:
    cases = json.dumps([[kind, text] for text in texts])
    child = subprocess.run([sys.executable, "-c", CHILD], input=cases, capture_output=True, text=True, check=False)
    done = [json.loads(line) for line in child.stdout.splitlines()]

    assert child.returncode == 0, (child.returncode, done[-1:], child.stderr[-2000:])
    assert done[:-1] == [[kind, text[:40]] for text in texts]
    assert done[-1][0] == "grown"
    assert done[-1][1] < 150, "megabytes"

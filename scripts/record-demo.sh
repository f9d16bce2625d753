#!/usr/bin/env bash
# Writes docs/demo.svg: a real run of `trunkline demo`, its lines appearing as they did, without those that only repeat.
#   scripts/record-demo.sh [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
binary=${1:-target/debug/trunkline}
[ -x "$binary" ] || {
    echo "no $binary: cargo build --bin trunkline" >&2
    exit 1
}
mkdir -p target
"$binary" demo --once --speed 20 >target/demo.txt
python3 - target/demo.txt docs/demo.svg <<'EOF'
import html
import re
import sys

WIDTH, ROW, TOP, COLUMNS = 860, 17, 46, 104
# What is left out: each is told by the line beside it.
SKIP = re.compile(r"twiml: http|status: |leg: |script: |webhook: the (dial|call)|webhook: call comes in|pressed: #|waited: |event: (a question|an answer|the interview)|twiml: |heard: beep|Answer after the tone")
SHORT = [(re.compile(p), r) for p, r in [(r" \((?:message_sid|flow coach|origin)[^)]*\)", ""), (r" \(simulated voice\)", "")]]
COLOURS = {"phone": "#7fd1c7", "platform": "#e0b472"}


def chosen(path):
    lines = [line.rstrip() for line in open(path, encoding="utf-8")]
    table = next(i for i, line in enumerate(lines) if line.startswith("call  "))
    heads = [i for i, line in enumerate(lines) if re.match(r"\d\. ", line)]
    kept = []
    for number in (0, 3):
        end = heads[number + 1] if number + 1 < len(heads) else table
        body = [line for line in lines[heads[number] + 1 : end] if re.match(r" +\d+\.\d+ s ", line) and not SKIP.search(line)]
        # The interview: its beginning, one question with its answer, its end.
        body = body if len(body) <= 9 else body[:7] + ["    ..."] + body[-2:]
        kept += [lines[heads[number]], *body, ""]
    return kept + [line for line in lines[table:] if line]


def shown(line):
    for pattern, by in SHORT:
        line = pattern.sub(by, line)
    return line if len(line) <= COLUMNS else line[: COLUMNS - 3] + "..."


def row(number, line):
    text = html.escape(shown(line))
    style = "#d7dce2"
    if re.match(r"\d\. |call  ", line):
        style = "#ffffff"
    for word, colour in COLOURS.items():
        if re.match(rf" +\d+\.\d+ s +{word} ", line):
            style = colour
    y = TOP + number * ROW
    delay = 0.5 + number * 0.35
    return f'<text x="18" y="{y}" fill="{style}" style="animation-delay:{delay:.2f}s" xml:space="preserve">{text}</text>'


lines = ["$ make demo", "", *chosen(sys.argv[1])]
height = TOP + len(lines) * ROW + 6
rows = "\n".join(row(i, line) for i, line in enumerate(lines) if line)
svg = f'''<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="A run of make demo: a missed call is texted back, an interview is held">
<style>text{{font:13px ui-monospace,Menlo,Consolas,monospace;animation:show .2s both}}@keyframes show{{from{{opacity:0}}to{{opacity:1}}}}@media(prefers-reduced-motion:reduce){{text{{animation:none}}}}</style>
<rect width="{WIDTH}" height="{height}" rx="9" fill="#14181d"/>
<circle cx="20" cy="17" r="5" fill="#e06c60"/><circle cx="37" cy="17" r="5" fill="#e0b44c"/><circle cx="54" cy="17" r="5" fill="#65b86a"/>
{rows}
</svg>
'''
open(sys.argv[2], "w", encoding="utf-8").write(svg)
EOF
echo "docs/demo.svg: $(wc -c <docs/demo.svg) bytes"

#!/usr/bin/env python3
"""What a missed call costs a split platform: events, rows, bytes of PostgreSQL's log, CPU of each process, connections.

    DATABASE_URL=.. AMQP_URL=.. scripts/split.sh start
    scripts/costs.py [CALLS]         on that platform, with its emulator; needs psql. Prints a table for docs/scaling.md
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "split"
NUMBER, OWNER = "+15550100001", "+15550100002"
PORT = int(os.environ.get("PORT", 8080))


def settings():
    lines = (HOME / "env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def psql(query):
    out = subprocess.run(["psql", "-At", "-c", query, os.environ["DATABASE_URL"]], capture_output=True, text=True, check=True)
    return out.stdout.strip()


def roles():
    text = (ROOT / "scripts" / "split.sh").read_text()
    return re.search(r"^roles=\((.*)\)$", text, re.M).group(1).split()


def cpu_s(role):
    pid = (HOME / f"{role}.pid").read_text().strip()
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def metrics(role_port):
    text = urllib.request.urlopen(f"http://127.0.0.1:{role_port}/metrics", timeout=10).read().decode()
    sums = {}
    for line in text.splitlines():
        found = re.match(r"(\w+)(?:\{[^}]*\})? ([0-9.e+]+)$", line)
        if found:
            sums[found[1]] = sums.get(found[1], 0) + float(found[2])
    return sums


def emulator(method, path, body=None):
    own = settings()
    request = urllib.request.Request(own["TWILIO_API_BASE_URL"] + path, method=method)
    account = f"{own['TWILIO_ACCOUNT_SID']}:{own['TWILIO_AUTH_TOKEN']}".encode()
    request.add_header("Authorization", "Basic " + base64.b64encode(account).decode())
    if body is not None:
        request.add_header("Content-Type", "application/json")
        body = json.dumps(body).encode()
    with urllib.request.urlopen(request, body, timeout=30) as answer:
        return json.load(answer)


def snapshot():
    names = roles()
    per_role = {role: (cpu_s(role), metrics(PORT + i)) for i, role in enumerate(names)}
    # Others may use the same database.
    own = os.environ.get("TRUNKLINE_NAMESPACE", "")
    tables = "select schemaname || '.' || relname, n_tup_ins + n_tup_upd + n_tup_del, n_live_tup from pg_stat_user_tables"
    tables += f" where schemaname like '{own}%'"
    rows = {line.split("|")[0]: [int(n) for n in line.split("|")[1:]] for line in psql(tables).splitlines()}
    return per_role, rows, int(float(psql("select pg_current_wal_lsn() - '0/0'")))


def main():
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    emulator("POST", "/emulator/faults", {"kind": "callee", "number": OWNER, "behaviour": "busy"})
    before = snapshot()
    sids = []
    for i in range(calls):
        script = {"number": NUMBER, "from": f"+1555019{i:04}", "steps": [{"wait_for": "sorry we missed your call"}]}
        sids.append(emulator("POST", "/emulator/calls", script)["sid"])
    until = time.time() + 300
    while time.time() < until and any(not emulator("GET", f"/emulator/calls/{sid}")["done"] for sid in sids):
        time.sleep(0.5)
    # What follows a call (statuses of its text, the timers' first look) and PostgreSQL's own statistics.
    time.sleep(15)
    after = snapshot()
    wal = after[2] - before[2]
    changed = sum(after[1][t][0] - before[1].get(t, [0])[0] for t in after[1])
    kept = sum(after[1][t][1] - before[1].get(t, [0, 0])[1] for t in after[1])
    print(f"{calls} missed calls, each texted back\n\nper call | |\n--- | ---:")
    print(f"rows written (inserts, updates, deletes) | {changed / calls:.1f}")
    print(f"rows that stay | {kept / calls:.1f}")
    print(f"bytes of PostgreSQL's log | {wal / calls:,.0f}")
    print(f"database connections | {psql('select count(*) from pg_stat_activity where datname = current_database()')}")
    for role in roles():
        cpu = after[0][role][0] - before[0][role][0]
        told = {name: after[0][role][1].get(name, 0) - before[0][role][1].get(name, 0) for name in after[0][role][1]}
        events = {name: told[name] / calls for name in told if name.startswith("bus_") and name.endswith("_total") and told[name]}
        print(f"{role}: CPU | {1000 * cpu / calls:.1f} ms; " + ", ".join(f"{name} {count:.1f}" for name, count in sorted(events.items())))
    biggest = sorted(after[1], key=lambda t: before[1].get(t, [0, 0])[1] - after[1][t][1])[:12]
    for table in biggest:
        grown = (after[1][table][1] - before[1].get(table, [0, 0])[1]) / calls
        if grown:
            print(f"{table} | {grown:.1f} rows")


if __name__ == "__main__":
    main()

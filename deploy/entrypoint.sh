#!/bin/sh
# Start one process of the Procfile by its name, or give the words to manage.py: `migrate`, `create_institution …`.
set -eu
cd "$(dirname "$0")/.."
name="${1:-web}"
command="$(sed -n "s/^${name}: //p" Procfile)"
if [ -n "$command" ]; then
    exec sh -c "exec $command"
fi
exec python manage.py "$@"

#!/bin/sh
# The postgres image runs this once, when it creates its data folder.
set -eu
: "${PORTAL_OWNER_PASSWORD:?is empty: set it in .env}"
: "${PORTAL_APP_PASSWORD:?is empty: set it in .env}"
: "${PORTAL_MLFLOW_PASSWORD:?is empty: set it in .env}"
psql --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --file /etc/portal/roles.sql

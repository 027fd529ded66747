-- The roles and databases of the portal. psql runs this as a superuser, with the three passwords in its environment;
-- run again it changes nothing but the passwords. The demo's servers make the same in dropout_portal/local_services.py.
\set ON_ERROR_STOP on
\getenv owner_password PORTAL_OWNER_PASSWORD
\getenv app_password PORTAL_APP_PASSWORD
\getenv mlflow_password PORTAL_MLFLOW_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['portal_owner', 'portal_app', 'portal_mlflow']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Owns the tables and changes them; only `migrate` signs in as this role.
ALTER ROLE portal_owner LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
-- Web and workers. Owns nothing, so row-level security binds it; migrate grants it what it needs of each table.
ALTER ROLE portal_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
-- MLflow's own database, and nothing else.
ALTER ROLE portal_mlflow LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'mlflow_password';

SELECT format('CREATE DATABASE %I OWNER %I', name, owner)
FROM (VALUES ('portal', 'portal_owner'), ('mlflow', 'portal_mlflow')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec

REVOKE ALL ON DATABASE portal, mlflow FROM PUBLIC;
-- Bulk writes go through a temporary table: row-level security refuses COPY into the real one.
GRANT CONNECT, TEMPORARY ON DATABASE portal TO portal_app;

#!/bin/sh
# Run once by the PostgreSQL image, when its data directory is new: log-ins and databases, passwords from secret files.
# The centre's own roles and rights come from Yizhan (docs/deploy.md, step 4), its tables from `warehouse upgrade`.
set -eu

secret() { cat "/run/secrets/$1"; }

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$(secret database_owner_for_database)" --set loader="$(secret database_loader_for_database)" \
  --set auditor="$(secret database_auditor_for_database)" --set airflow="$(secret database_airflow)" <<'SQL'
CREATE ROLE yizhan_owner LOGIN PASSWORD :'owner';
CREATE ROLE yizhan_changning LOGIN PASSWORD :'loader';
CREATE ROLE yizhan_auditing LOGIN PASSWORD :'auditor';
CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE DATABASE yizhan OWNER yizhan_owner ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE airflow OWNER airflow ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE airflow FROM PUBLIC;
SQL

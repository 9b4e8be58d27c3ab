#!/bin/sh
# Runs inside a new image: makes the data folder that every container starts from, so that no start
# has to spend seconds on it.
set -eu
mkdir -p /usr/local/share/lockstep/data /var/lib/postgresql/data /run/postgresql
chown postgres:postgres /usr/local/share/lockstep/data /var/lib/postgresql/data /run/postgresql
data=/usr/local/share/lockstep/data
setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/*/bin/initdb \
  -D "$data" --no-sync --no-instructions --encoding=UTF8 --no-locale \
  --auth-local=trust --auth-host=scram-sha-256
echo "listen_addresses = '*'" >>"$data/postgresql.conf"
echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"

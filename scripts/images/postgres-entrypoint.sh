#!/bin/sh
# Starts PostgreSQL as the official image does, as far as Lockstep and Testcontainers need it:
# POSTGRES_PASSWORD, POSTGRES_USER and POSTGRES_DB count when the data folder (PGDATA) is empty; what
# is passed to the container is the server's.
set -eu
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH

case ${1-} in
'' | -*) set -- postgres "$@" ;;
postgres) ;;
*) exec "$@" ;;
esac

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
# Not echo, which takes backslashes for something else.
say() { printf '%s\n' "$1"; }
text() { printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }
name() { printf '"%s"' "$(printf %s "$1" | sed 's/"/""/g')"; }

# One statement a line is what the server takes in its single-user mode.
first_statements() {
  if [ "$user" != postgres ]; then say "CREATE ROLE $(name "$user") SUPERUSER LOGIN"; fi
  say "ALTER ROLE $(name "$user") PASSWORD $(text "$POSTGRES_PASSWORD")"
  if [ "$database" != postgres ]; then
    say "CREATE DATABASE $(name "$database") OWNER $(name "$user")"
  fi
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD-}" ]; then
    echo 'The data folder is empty: set POSTGRES_PASSWORD.' >&2
    exit 1
  fi
  mkdir -p "$PGDATA"
  cp -a /usr/local/share/lockstep/data/. "$PGDATA"
  chown postgres:postgres "$PGDATA"
  chmod 700 "$PGDATA"
  first_statements | as_postgres postgres --single -D "$PGDATA" -c fsync=off postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"

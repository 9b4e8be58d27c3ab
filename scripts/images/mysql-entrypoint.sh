#!/bin/sh
# Starts MySQL or MariaDB as the official images do, as far as Lockstep and Testcontainers need it:
# MYSQL_ROOT_PASSWORD, MYSQL_DATABASE, MYSQL_USER and MYSQL_PASSWORD, or the same with MARIADB_, count
# when the data folder is empty; what is passed to the container is the server's.
set -eu
data=/var/lib/mysql
server=$(command -v mariadbd || command -v mysqld)

case ${1-} in
'' | -*) set -- "$server" "$@" ;;
mysqld | mariadbd) ;;
*) exec "$@" ;;
esac

root_password=${MARIADB_ROOT_PASSWORD-${MYSQL_ROOT_PASSWORD-}}
database=${MARIADB_DATABASE-${MYSQL_DATABASE-}}
user=${MARIADB_USER-${MYSQL_USER-}}
password=${MARIADB_PASSWORD-${MYSQL_PASSWORD-}}

# Not echo, which takes backslashes for something else.
say() { printf '%s\n' "$1"; }
text() { printf "'%s'" "$(printf %s "$1" | sed "s/\\\\/&&/g; s/'/''/g")"; }
name() { printf '`%s`' "$(printf %s "$1" | sed 's/`/``/g')"; }

# The server takes one statement a line from this file, and no connection before it has read it.
first_statements() {
  say "ALTER USER root@localhost IDENTIFIED BY $(text "$root_password");"
  say "CREATE USER root@'%' IDENTIFIED BY $(text "$root_password");"
  say "GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;"
  if [ -n "$database" ]; then say "CREATE DATABASE $(name "$database");"; fi
  if [ -n "$user" ]; then
    say "CREATE USER $(text "$user")@'%' IDENTIFIED BY $(text "$password");"
    if [ -n "$database" ]; then
      say "GRANT ALL PRIVILEGES ON $(name "$database").* TO $(text "$user")@'%';"
    fi
  fi
}

set -- "$@" --user=mysql --datadir="$data"
if [ ! -d "$data/mysql" ]; then
  if [ -z "$root_password" ]; then
    echo 'The data folder is empty: set MYSQL_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD.' >&2
    exit 1
  fi
  cp -a /usr/local/share/lockstep/data/. "$data"
  (umask 077 && first_statements >/run/mysqld/first-statements.sql)
  chown mysql:mysql "$data" /run/mysqld/first-statements.sql
  set -- "$@" --init-file=/run/mysqld/first-statements.sql
fi
exec "$@"

#!/bin/sh
# Runs inside a new image: makes the data folder that every container starts from, so that no start
# has to spend seconds on it.
set -eu
echo 'mysql:x:999:999::/var/lib/mysql:/usr/sbin/nologin' >>/etc/passwd
echo 'mysql:x:999:' >>/etc/group
mkdir -p /var/lib/mysql /run/mysqld /usr/local/share/lockstep/data
chown mysql:mysql /var/lib/mysql /run/mysqld /usr/local/share/lockstep/data
# --force: the names of a host that is still to come cannot be looked up, and are not needed.
mariadb-install-db --no-defaults --force --user=mysql --datadir=/usr/local/share/lockstep/data \
  --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
  --innodb-log-file-size=8M
# Accounts without a password, of the machine that makes the image.
echo "DELETE FROM mysql.global_priv WHERE Host <> 'localhost';
DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';" |
  mariadbd --no-defaults --bootstrap --user=mysql --datadir=/usr/local/share/lockstep/data \
    --innodb-log-file-size=8M

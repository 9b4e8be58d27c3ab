#!/bin/sh
# Runs inside a new image: makes the data folder that every container starts from, so that no start
# has to spend seconds on it.
set -eu
echo 'mysql:x:999:999::/var/lib/mysql:/usr/sbin/nologin' >>/etc/passwd
echo 'mysql:x:999:' >>/etc/group
mkdir -p /var/lib/mysql /var/lib/mysql-files /run/mysqld /usr/local/share/lockstep/data
chown mysql:mysql /var/lib/mysql /var/lib/mysql-files /run/mysqld /usr/local/share/lockstep/data
mysqld --no-defaults --initialize-insecure --user=mysql --datadir=/usr/local/share/lockstep/data \
  --innodb-redo-log-capacity=8M --innodb-doublewrite=OFF --skip-log-bin
# The server's identity is for each container to make.
rm -f /usr/local/share/lockstep/data/auto.cnf

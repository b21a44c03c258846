#!/usr/bin/env bash
# A throw-away PostgreSQL (15 or newer) with pgvector (0.8 or newer) for tests and benchmarks.
#
#   scripts/postgres.sh start [--no-install]   starts it (installing it where needed and possible), prints its URL
#   scripts/postgres.sh url                    prints its DATABASE_URL; exit 1 when it is not running
#   scripts/postgres.sh stop                   stops it; the data stay for the next start
#   scripts/postgres.sh bin                    prints the folder of its programs (pg_dump, psql, …)
#   scripts/postgres.sh remove                 stops it and deletes its data
#   scripts/postgres.sh standby DIR            starts a hot standby of it in the folder DIR, prints the standby's URL;
#                                              the server needs wal_level = replica (see REVECTOR_POSTGRES_SETTINGS);
#                                              REVECTOR_POSTGRES_DIR=DIR scripts/postgres.sh stop stops it
#   scripts/postgres.sh pooler [--no-install]  prints the program of PgBouncer 1.21 or newer, unpacking it where needed
#
# It listens on 127.0.0.1 only, at a free port, and does without fsync: never keep data in it.
#
#   REVECTOR_POSTGRES_DIR   folder of this instance (data, log, port); another folder is another server
#   REVECTOR_POSTGRES_SETTINGS   lines for the postgresql.conf of a new instance, after its own
#   REVECTOR_POSTGRES_BIN   folder of the programs to use, where they are not found by themselves
#   REVECTOR_POSTGRES_VERSION   15, 17 or 18: Debian's own of that version, beside whatever else is installed; pgvector for
#                               15 is compiled from Debian's source package, which needs a C compiler and make. Default:
#                               what is installed, else 18, in whose pgvector parallel index builds are safe, else 17
#
# Nothing installed on this machine is changed: where no usable server is found, Debian's own packages are
# unpacked into a cache folder and run from there, through the mirror that this machine's apt is set up with.
set -euo pipefail

# Debian's pgvector is 0.8.0 for 17; parallel index builds are safe from 0.8.2 on.
version=${REVECTOR_POSTGRES_VERSION:-}
case $version in
  15) release=bookworm ;;
  17) release=trixie ;;
  '' | 18) release=forky ;;
  *) printf 'REVECTOR_POSTGRES_VERSION=%s: expected 15, 17 or 18, which Debian has.\n' "$version" >&2; exit 2 ;;
esac
programs=programs${version:+-$version}
user=revector
password=revector
database=revector

if [ "$(id -u)" = 0 ]; then cache=/var/cache/revector-postgres
else cache=${XDG_CACHE_HOME:-$HOME/.cache}/revector-postgres; fi
dir=${REVECTOR_POSTGRES_DIR:-$cache/instance${version:+-$version}}
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
data=$dir/data

fail() { printf '%s\n' "$*" >&2; exit 1; }

# PostgreSQL refuses to run as root; anyone without rights will do.
as_owner() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  local owner=nobody
  id postgres >/dev/null 2>&1 && owner=postgres
  if command -v setpriv >/dev/null; then
    setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups -- "$@"
  else
    fail 'Running as root needs setpriv (Debian: util-linux) to start PostgreSQL as another user.'
  fi
}

# Usable: PostgreSQL >= 15 with the files of pgvector >= 0.8.
usable() {
  local bin=$1 version control
  [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && [ -x "$bin/pg_ctl" ] || return 1
  version=$("$bin/postgres" --version 2>/dev/null | sed -E 's/[^0-9]*([0-9]+).*/\1/') || return 1
  [ "${version:-0}" -ge 15 ] || return 1
  control=$("$bin/pg_config" --sharedir 2>/dev/null)/extension/vector.control
  [ -f "$control" ] || return 1
  awk -F"'" '/^default_version/ { split($2, v, "."); found = v[1] > 0 || v[2] >= 8 } END { exit !found }' "$control"
}

find_programs() {
  local bin
  if [ -n "${REVECTOR_POSTGRES_BIN:-}" ]; then
    usable "$REVECTOR_POSTGRES_BIN" && echo "$REVECTOR_POSTGRES_BIN"
    return
  fi
  if [ -n "$version" ]; then
    bin=$cache/$programs/usr/lib/postgresql/$version/bin
    usable "$bin" && echo "$bin"
    return
  fi
  for bin in "$cache"/programs/usr/lib/postgresql/*/bin \
    $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
    "$(pg_config --bindir 2>/dev/null || true)" \
    /usr/pgsql-*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql@*/bin; do
    if usable "$bin"; then echo "$bin"; return; fi
  done
  return 1
}

# with_archive WORK COMMAND…: runs apt-get's or apt-cache's COMMAND on Debian's release alone, with its state in WORK. Needs
# apt-get and dpkg-deb, no rights.
with_archive() {
  local work=$1 tool; shift
  for tool in apt-get dpkg-deb awk tar; do
    command -v "$tool" >/dev/null || fail "Unpacking needs Debian's $tool: install PostgreSQL 15+ with pgvector 0.8+ yourself, or set DATABASE_URL to a server that has them."
  done
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f "$keyring" ] || fail "Debian's archive keys ($keyring), which would prove a download, are missing."
  local mirror
  # The default format starts with stanzas; REPO_URI is the mirror as apt is configured.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 -E '/debian/?$' || true)
  # Before the machine's first `apt-get update` there are no index files to ask about, but their addresses are known.
  [ -n "$mirror" ] || mirror=$(apt-get update --print-uris 2>/dev/null | sed -nE "s#^'(.*/debian)/dists/.*#\1#p" | sed -n 1p || true)
  [ -n "$mirror" ] || fail 'No PostgreSQL 15+ with pgvector 0.8+ is installed here, and apt has no Debian mirror configured to install one from.'
  mkdir -p "$work"/lists/partial "$work"/cache/archives/partial
  : >"$work/status"
  printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$release" "$keyring" >"$work/debian.sources"
  "$@" -qq -o "Dir::State=$work" -o "Dir::State::status=$work/status" -o "Dir::State::lists=$work/lists" \
    -o "Dir::Cache=$work/cache" -o "Dir::Etc::sourcelist=$work/debian.sources" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferencesparts=/dev/null -o Debug::NoLocking=1 -o Acquire::Languages=none -o Acquire::Retries=3 \
    -o "APT::Sandbox::User=$(id -un)" >&2
}

# unpack PACKAGE NAME: Debian's package and every library it needs (also the C library, so that the release of this
# machine does not matter) into the folder NAME of the cache.
unpack() {
  local package=$1 target=$cache/$2
  local work; work=$(mktemp -d "$cache/install.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mkdir "$work/programs"
  echo "postgres.sh: unpacking Debian's $package into $target" >&2
  with_archive "$work" apt-get update || fail "The packages of Debian $release could not be listed."
  with_archive "$work" apt-get install -y --no-install-recommends --download-only "$package" || fail "$package could not be downloaded."
  [ "$version" != 15 ] || (cd "$work/cache/archives" && with_archive "$work" apt-get download "postgresql-server-dev-$version") ||
    fail "postgresql-server-dev-$version could not be downloaded."
  local archive
  for archive in "$work"/cache/archives/*.deb; do
    case ${archive##*/} in
      perl* | libperl* | libllvm* | libz3* | locales* | postgresql-common* | *-dev_*) continue ;; # not needed with jit off
    esac
    dpkg-deb --fsys-tarfile "$archive" |
      tar -x -C "$work/programs" --no-same-owner --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*'
  done

  local loader libraries program
  for loader in "$work"/programs/usr/lib*/ld-linux*.so.* "$work"/programs/lib*/ld-linux*.so.*; do
    [ ! -e "$loader" ] || break
  done
  libraries=$(printf ':%s' "$work"/programs/usr/lib/*-linux-gnu* "$work"/programs/lib/*-linux-gnu*)
  libraries=${libraries#:}
  for program in "$work"/programs/usr/lib/postgresql/*/bin/* "$work"/programs/usr/sbin/pgbouncer; do
    [ -f "$program" ] && [ ! -L "$program" ] || continue
    mv "$program" "$program.bin"
    # --argv0 keeps the path that the programs find each other and their files by.
    printf '#!/bin/sh\nexec "%s" --argv0 "$0" --library-path "%s" "%s.bin" "$@"\n' \
      "${loader//"$work/programs"/$target}" "${libraries//"$work/programs"/$target}" "${program/#"$work/programs"/$target}" >"$program"
    chmod 755 "$program"
  done
  chmod -R a+rX "$work/programs"
  rm -rf "$target"
  mv "$work/programs" "$target"
  [ "$version" != 15 ] || [ "$2" != "$programs" ] || compile_pgvector "$work" "$target/usr/lib/postgresql/$version/bin/pg_config"
  rm -rf "$work"
  trap - EXIT
}

# Debian's newest source of pgvector, for a server that Debian has no pgvector of 0.8 for.
compile_pgvector() {
  local work=$1/source config=$2 tool
  for tool in cc make; do
    command -v "$tool" >/dev/null || fail "pgvector for PostgreSQL $version has to be compiled, which needs $tool (Debian: gcc, libc6-dev, make)."
  done
  mkdir -p "$work"
  (
    cd "$work"
    # A mirror may lack the newest sources.
    for release in forky trixie; do
      with_archive "$work" apt-get update
      if with_archive "$work" apt-get source --download-only pgvector; then break; fi
    done
    tar -xf pgvector_*.orig.tar.gz
    cd pgvector-*/
    make -s PG_CONFIG="$config" with_llvm=no OPTFLAGS=
    make -s PG_CONFIG="$config" with_llvm=no install
  ) >&2 || fail "pgvector could not be compiled for PostgreSQL $version."
}

# The server, with pgvector where Debian has both.
unpack_server() {
  case $version in
    15) unpack postgresql-15 "$programs" ;;
    17) unpack postgresql-17-pgvector "$programs" ;;
    18) unpack postgresql-18-pgvector "$programs" ;;
    # The release that has 18 still changes: what is missing there today is no reason to have no server.
    *) (unpack postgresql-18-pgvector "$programs") || (release=trixie; unpack postgresql-17-pgvector "$programs") ;;
  esac
}

# Usable: PgBouncer >= 1.21, which can keep prepared statements.
find_pooler() {
  local program version
  for program in "$(command -v pgbouncer || true)" /usr/sbin/pgbouncer "$cache/pooler/usr/sbin/pgbouncer"; do
    [ -x "$program" ] || continue
    version=$("$program" --version 2>/dev/null | sed -nE 's/^PgBouncer ([0-9]+)\.([0-9]+).*/\1 \2/p')
    if [ -n "$version" ] && { [ "${version% *}" -gt 1 ] || [ "${version#* }" -ge 21 ]; }; then echo "$program"; return; fi
  done
  return 1
}

pooler() {
  find_pooler && return
  [ "${1:-}" != --no-install ] || fail 'No PgBouncer 1.21+ is installed here; scripts/postgres.sh pooler unpacks one on Debian.'
  mkdir -p "$cache"
  exec 8>"$cache/lock"
  command -v flock >/dev/null && flock 8
  find_pooler && return
  (release=trixie version=''; unpack pgbouncer pooler)
  find_pooler || fail 'The unpacked PgBouncer does not run on this machine.'
}

port_of() { sed -n 4p "$data/postmaster.pid" 2>/dev/null; }

running() {
  local pid state
  [ -f "$data/postmaster.pid" ] || return 1
  pid=$(sed -n 1p "$data/postmaster.pid")
  state=$(sed -n 8p "$data/postmaster.pid")
  [ "${state%% *}" = ready ] && [ -n "$pid" ] || return 1
  # A pid can have gone to another program since: the server's own working folder tells.
  if [ -e "/proc/$pid/cwd" ]; then [ "$(readlink "/proc/$pid/cwd")" = "$(readlink -f "$data")" ]
  else kill -0 "$pid" 2>/dev/null; fi
}

print_url() { echo "postgresql://$user:$password@127.0.0.1:$(port_of)/$database"; }

create_cluster() {
  local bin=$1 locale password_file=$dir/password memory=posix
  rm -rf "$data"
  printf '%s\n' "$password" >"$password_file"
  for locale in C.UTF-8 C; do
    as_owner "$bin/initdb" -D "$data" -U "$user" --pwfile="$password_file" --auth=scram-sha-256 \
      --encoding=UTF8 --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1 && break
    rm -rf "$data"
  done
  [ -f "$data/PG_VERSION" ] || { cat "$dir/initdb.log" >&2; fail "initdb failed in $data."; }
  # Parallel index builds share memory through /dev/shm, which containers keep small.
  [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -ge 524288 ] 2>/dev/null || memory=mmap
  as_owner tee -a "$data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
maintenance_work_mem = 512MB
dynamic_shared_memory_type = $memory
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
jit = off
${REVECTOR_POSTGRES_SETTINGS:-}
END
}

start_server() {
  local bin=$1 try port
  for try in 1 2 3 4 5 6 7 8; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    # The same address after a restart, unless something else took it.
    if [ "$try" = 1 ] && [ -f "$dir/port" ]; then port=$(cat "$dir/port"); fi
    if as_owner "$bin/pg_ctl" start -w -t 60 -s -D "$data" -l "$dir/log" -o "-p $port" >&2 9>&-; then
      echo "$port" >"$dir/port"
      return 0
    fi
    grep -q 'could not bind' "$dir/log" || break
  done
  tail -20 "$dir/log" >&2
  fail "PostgreSQL did not start in $data; its log is $dir/log."
}

start() {
  mkdir -p "$cache" "$dir"
  exec 9>"$dir/lock"
  command -v flock >/dev/null && flock 9
  if running; then print_url; return; fi
  local bin
  if ! bin=$(find_programs); then
    [ -z "${REVECTOR_POSTGRES_BIN:-}" ] || fail "REVECTOR_POSTGRES_BIN=$REVECTOR_POSTGRES_BIN holds no PostgreSQL 15+ with pgvector 0.8+."
    [ "${1:-}" != --no-install ] || fail 'No PostgreSQL 15+ with pgvector 0.8+ is installed here; scripts/postgres.sh start installs one on Debian.'
    # Instances differ, the programs are shared: one installs them at a time.
    exec 8>"$cache/lock"
    command -v flock >/dev/null && flock 8
    bin=$(find_programs) || { unpack_server 9>&-; bin=$(find_programs) || fail 'The unpacked PostgreSQL does not run on this machine.'; }
    exec 8>&-
  fi
  if [ "$(id -u)" = 0 ]; then
    local owner=nobody; id postgres >/dev/null 2>&1 && owner=postgres
    chown "$owner" "$dir"
    as_owner test -x "$dir" || fail "The user $owner, who runs the server, cannot enter $dir: choose another REVECTOR_POSTGRES_DIR."
  fi
  local existing=''
  [ ! -f "$data/PG_VERSION" ] || existing=$(cat "$data/PG_VERSION")
  if [ ! -f "$dir/complete" ] || [ "$existing" != "$("$bin/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')" ]; then
    rm -f "$dir/complete"
    create_cluster "$bin"
  fi
  start_server "$bin"
  if [ ! -f "$dir/complete" ]; then
    PGPASSWORD=$password "$bin/psql" -X -q -h 127.0.0.1 -p "$(port_of)" -U "$user" -d postgres \
      -c "create database $database" >&2
    touch "$dir/complete"
  fi
  print_url
}

standby() {
  local copy=${1:-} bin
  case $copy in /*) ;; *) fail 'The folder of the standby must be an absolute path.' ;; esac
  running || fail 'The server to copy is not running.'
  bin=$(find_programs) || fail 'The programs of the running server are gone.'
  mkdir -p "$copy"
  if [ "$(id -u)" = 0 ]; then chown "$(stat -c %u "$data")" "$copy"; fi
  # --write-recovery-conf makes the copy a standby of this server.
  as_owner "$bin/pg_basebackup" -D "$copy/data" --checkpoint=fast --no-sync --write-recovery-conf \
    -d "postgresql://$user:$password@127.0.0.1:$(port_of)/$database" >&2
  touch "$copy/complete"
  dir=$copy data=$copy/data
  start_server "$bin"
  print_url
}

stop() {
  running || return 0
  local bin; bin=$(find_programs) || fail 'The programs of the running server are gone; end it by its pid.'
  as_owner "$bin/pg_ctl" stop -w -s -m fast -D "$data" >&2
}

case ${1:-} in
  start) start "${2:-}" ;;
  url) running || exit 1; print_url ;;
  stop) stop ;;
  pooler) pooler "${2:-}" ;;
  bin) find_programs || fail 'No PostgreSQL 15+ with pgvector 0.8+ is installed here; scripts/postgres.sh start installs one on Debian.' ;;
  standby) standby "${2:-}" ;;
  remove) stop; rm -rf "$dir" ;;
  *) sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# Another Node than this machine's, to run the tests with: prints the folder of its program.
#
#   scripts/node.sh 24                       installs the newest 24.x where none is there yet, prints its folder
#   PATH="$(scripts/node.sh 24):$PATH" npm test
#
# It comes from the npm registry, as the package node-<system>-<processor>, into a cache folder of its own: nothing
# installed on this machine is changed. Delete the folder to get a newer one of the same major version.
set -euo pipefail

major=${1:-}
case $major in '' | *[!0-9]*) sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;; esac

if [ "$(id -u)" = 0 ]; then cache=/var/cache/revector-node
else cache=${XDG_CACHE_HOME:-$HOME/.cache}/revector-node; fi
package=$(node -p '`node-${process.platform}-${process.arch}`')
folder=$cache/$major/node_modules/$package/bin

runs() { [ -x "$folder/node" ] && "$folder/node" --version 2>/dev/null | grep -q "^v$major\."; }

if ! runs; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  ! command -v flock >/dev/null || flock 9
  if ! runs; then
    echo "node.sh: installing $package@$major into $cache/$major" >&2
    work=$(mktemp -d "$cache/install.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    npm install --prefix "$work" --no-save --no-audit --no-fund --ignore-scripts "$package@$major" >&2 9>&-
    chmod 755 "$work"
    rm -rf "${cache:?}/$major"
    mv "$work" "$cache/$major"
    runs || { echo "node.sh: $package@$major does not run on this machine." >&2; exit 1; }
  fi
fi
echo "$folder"

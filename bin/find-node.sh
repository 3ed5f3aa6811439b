# shellcheck shell=sh
# Read by the programs beside it.

# find_node SELF ENTRY: SELF is the program's own path, ENTRY its code below src or dist/src, without the ending. Sets $root, the package's folder, and
# $node, one that can run it, whatever `node` comes first in PATH; or else $problem, and $status, with which a command line ends then.
find_node() {
  root=${1%/*}/..
  home=${root%/bin/..}
  problem='' status=2

  if [ ! -f "$root/src/$2.ts" ] && [ ! -f "$root/dist/src/$2.js" ]; then
    problem="cannot find its own program: expected src/$2.ts or dist/src/$2.js in $home; install it again" status=1
    return
  fi
  if [ -x "$root/node_modules/node/bin/node" ]; then
    node=$root/node_modules/node/bin/node
    return
  fi
  if ! node=$(command -v node); then
    problem="no node found: expected 22.18 or newer in PATH, or in $root/node_modules; run npm ci in $home"
    return
  fi
  version=$("$node" --version 2>/dev/null)
  numbers=${version#v}
  major=${numbers%%.*}
  minor=${numbers#*.}
  minor=${minor%%.*}
  case $major$minor in '' | *[!0-9]*) major=0 minor=0 ;; esac
  if [ "$major" -lt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -lt 18 ]; }; then
    problem="node is too old ($node): expected 22.18 or newer, got ${version:-no version}; run npm ci in $home, or put a newer node first in PATH"
  fi
}

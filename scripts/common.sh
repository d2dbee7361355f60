# What the scripts share; sourced, not run. Goes to the project's root, so every path below is relative to it.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' plain=$'\e[0m'
else
  bold='' plain=''
fi

# heading TEXT: starts a section of the output.
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

# say TEXT: one line of progress.
say() { printf '   %s\n' "$*"; }

# die TEXT [HINT]: one line of error, then the remedy.
die() {
  printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
  [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

# Compilers at once: one a core, but no more than fit into memory at 1.5 GB each.
jobs_that_fit() {
  local by_memory
  by_memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$by_memory" -ge 1 ] || by_memory=1
  [ "$(nproc)" -lt "$by_memory" ] && nproc || echo "$by_memory"
}

# Passes ninja's output on: every 20th progress line, errors in full.
thin_progress() {
  awk '/^ninja: Entering directory/ || /Re-checking globbed directories/ { next }
       /^\[[0-9]+\/[0-9]+\]/ { split(substr($0, 2), n, /[\/\]]/); if (n[1] % 20 && n[1] != n[2]) next }
       { print "   " $0; fflush() }'
}

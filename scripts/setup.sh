#!/usr/bin/env bash
# Installs the Debian 12 packages of deploy/packages.txt that this machine lacks; does nothing if none is missing.
# Runs as root, or as an ordinary user who may use sudo.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

is_debian_12() { (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]) 2>/dev/null; }
is_debian_12 || die "this is not Debian 12" "the packages of deploy/packages.txt are Debian 12's; use deploy/docker elsewhere"

mapfile -t wanted < <(sed -e 's/#.*//' deploy/packages.txt | tr -s '[:space:]' '\n' | sed '/^$/d' | sort -u)
mapfile -t missing < <(
  comm -23 <(printf '%s\n' "${wanted[@]}") \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))

if [ ${#missing[@]} -eq 0 ]; then
  say "all ${#wanted[@]} packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    die "${#missing[@]} packages are missing, and installing them needs root or sudo" \
      "as root: apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
fi

say "installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
  -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
# Package lists and unpacking are of no interest unless something fails; the log has them then.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  "$@" </dev/null 2>&1 | tee "$log" | awk '/^(Setting up|Need to get|Fetched)/ {
    if ($1 == "Setting") { if (++n % 40) next; $0 = n " packages set up" } print "   " $0; fflush() }' ||
    { tail -n 30 "$log" >&2; die "apt-get failed" "the lines above say why; check the network and /etc/apt/sources.list*"; }
}
quietly "${apt[@]}" update
quietly "${apt[@]}" install --no-install-recommends "${missing[@]}"
say "packages are installed"

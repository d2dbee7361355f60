#!/usr/bin/env bash
# The first two commands on a fresh machine: scripts/demo and scripts/test in a new, minimal Debian 12.
#
#   tests/bare/run.sh [--keep] [--root DIR] [-- COMMAND...]
#
# shellcheck disable=SC2016,SC2317  # apt's own variables; functions that a trap calls
#
# Makes a root with debootstrap, clones the last commit into it and runs both scripts there by chroot as root, or
# COMMAND instead (in the clone). Prints how long each took. Removes the root at the end, unless --keep or --root was
# given; a root that is there already is used again.
# Needs root (or sudo), 6 GB of disk and the Debian mirror that this machine uses.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"

[ "$(id -u)" -eq 0 ] || exec sudo -- "$PWD/tests/bare/run.sh" "$@"

keep='' root=''
commands=(scripts/demo scripts/test)
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes ;;
    --root) root=${2:?"--root needs a directory"} keep=yes; shift ;;
    --) shift; commands=("$*"); break ;;
    *) die "unknown option: $1" "--keep, --root DIR or -- COMMAND" ;;
  esac
  shift
done
root=${root:-$(mktemp -d "${TMPDIR:-/var/tmp}/romlink-bare.XXXXXX")}
mkdir -p "$root"
chmod 0755 "$root" # it becomes /, which every user may enter
root=$(cd "$root" && pwd)
chmod 0755 "$root" # as / is everywhere: tests drop privileges, too

unmount_all() {
  local place
  for place in dev sys proc; do
    ! mountpoint -q "$root/$place" || umount --recursive --lazy "$root/$place"
  done
}
cleanup() {
  unmount_all
  if [ -n "$keep" ]; then
    say "the root stays in $root"
  elif ! grep -q " $root/" /proc/mounts; then
    rm -rf --one-file-system "$root"
  fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The mirror of this machine's own bookworm entry.
mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Codename: bookworm' \
    'Origin: Debian' 2>/dev/null | head -n 1 | grep . || echo http://deb.debian.org/debian
}

bootstrap() {
  local url
  url=$(mirror)
  command -v debootstrap >/dev/null || {
    say "installing debootstrap"
    apt-get -q -q update
    DEBIAN_FRONTEND=noninteractive apt-get -q -q -y install --no-install-recommends debootstrap >/dev/null
  }
  say "from $url"
  local certificates=()
  [ "${url#https:}" = "$url" ] || certificates=(--include=ca-certificates)
  debootstrap --variant=minbase "${certificates[@]}" bookworm "$root" "$url" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; die "debootstrap failed"; }
  rm -f "$root.log"
  # Names, proxies: the machine's own.
  cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
  apt-config dump | grep -E '^Acquire::(http|https|ftp)::Proxy' >"$root/etc/apt/apt.conf.d/80proxy" || true
}

inside() {
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    ${no_proxy:+no_proxy="$no_proxy"} /bin/bash -c "cd /romlink && $1"
}

# One compound command, so that an edit of this file does not disturb a run.
main() {
  heading "A minimal Debian 12"
  SECONDS=0
  if [ -x "$root/usr/bin/apt-get" ]; then
    say "$root is used again"
  else
    bootstrap
  fi
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys" && mount --make-rslave "$root/sys"
  mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
  rm -rf "$root/romlink"
  git -c safe.directory='*' clone -q --no-hardlinks . "$root/romlink"
  say "took $SECONDS s"

  local command line took=() failed=0
  for command in "${commands[@]}"; do
    heading "Bare: $command"
    SECONDS=0
    inside "$command" || { failed=1; say "FAILED: $command"; }
    took+=("$command: $SECONDS s")
  done

  heading "Times"
  for line in "${took[@]}"; do say "$line"; done
  return $failed
}
main; exit $?

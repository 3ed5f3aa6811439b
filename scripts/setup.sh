#!/bin/sh
# Installs what a script of package.json needs on a fresh machine: setup.sh [dev] [lab] [browser] [vm].
#   dev   the npm packages, when they are missing or older than the lock file
#   lab   the Debian packages of the namespace lab, when a program is missing and we are root
#   browser  Debian's Chromium, for the tests of the viewer
#   vm    those of the VM lab: QEMU and what fills its first file system; the kernel itself is fetched by the tests
# Says what it cannot install, and goes on: the lab's users skip or explain.
set -eu
cd "$(dirname "$0")/.."

need_packages() {
  [ ! -x node_modules/.bin/vitest ] || [ ! -x node_modules/node/bin/node ] ||
    [ package-lock.json -nt node_modules/.package-lock.json ]
}

install_packages() {
  echo "setup: installing npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
}

# program:package
LAB="ip:iproute2 ovs-vsctl:openvswitch-switch ovs-vswitchd:openvswitch-switch ovsdb-server:openvswitch-switch nft:nftables
ethtool:ethtool openssl:openssl udevadm:udev dbus-daemon:dbus-daemon NetworkManager:network-manager
dnsmasq:dnsmasq-base dhclient:isc-dhcp-client udhcpc:udhcpc dhcpcd:dhcpcd-base
/usr/lib/cni/host-local:containernetworking-plugins"
VM="qemu-system-x86_64:qemu-system-x86 busybox:busybox-static depmod:kmod setpriv:util-linux teamd:libteam-utils"

BROWSER="chromium:chromium /usr/share/fonts/truetype/liberation:fonts-liberation"

is_installed() {
  # There is a dynamic busybox, too, which is of no use where there are no libraries.
  if [ "$2" = busybox-static ]; then dpkg -s "$2" >/dev/null 2>&1; return; fi
  case $1 in /*) [ -e "$1" ]; return ;; esac
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1
}

install_programs() {
  missing=
  for entry in $1; do
    program=${entry%%:*} package=${entry##*:}
    is_installed "$program" "$package" && continue
    case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: not installed, because this needs root and apt-get:$missing" >&2
    return 0
  fi
  echo "setup: installing$missing" >&2
  # Debian's package starts the system's own Open vSwitch, which the lab never uses: on a machine that has none it must not appear.
  policy=/usr/sbin/policy-rc.d
  made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=1
  fi
  status=0
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 || status=$?
  [ -z "$made" ] || rm -f "$policy"
  # Installed for the lab only: at the next boot it must not take the machine's links.
  case " $missing " in *" network-manager "*)
    for unit in NetworkManager NetworkManager-dispatcher NetworkManager-wait-online; do
      systemctl disable "$unit.service" >/dev/null 2>&1 || true
    done ;;
  esac
  [ "$status" = 0 ] || echo "setup: apt-get could not install$missing; tests that need them are skipped" >&2
}

# systemd-resolved as files only: the package itself would take /etc/resolv.conf.
RESOLVED=/usr/local/lib/ovs-uplink-lab/systemd-resolved
fetch_resolved() {
  [ ! -d "$RESOLVED" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
  folder=$(mktemp -d)
  if (cd "$folder" && chmod 755 . && apt-get download -qq systemd-resolved >/dev/null 2>&1); then
    mkdir -p "$RESOLVED.part" && dpkg -x "$folder"/systemd-resolved_*.deb "$RESOLVED.part" && mv "$RESOLVED.part" "$RESOLVED"
  else
    echo "setup: systemd-resolved could not be fetched; its test is skipped" >&2
  fi
  rm -rf "$folder"
}

for part in "$@"; do
  case $part in
    dev) if need_packages; then install_packages; fi ;;
    lab) install_programs "$LAB"; fetch_resolved ;;
    browser) install_programs "$BROWSER" ;;
    vm)
      install_programs "$VM"
      # The tests download the kernel: apt must know of it.
      apt-cache policy linux-image-amd64 2>/dev/null | grep -q 'Candidate: [0-9]' || apt-get update -qq >/dev/null 2>&1 || true
      ;;
    *) echo "setup: unknown part $part, expected dev, lab, browser or vm" >&2; exit 2 ;;
  esac
done

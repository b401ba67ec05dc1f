# The table of hosts.

host_row() { awk -v name="$1" '!/^#/ && $1 == name' "$here/hosts.txt"; }

# host_names [ci]: all, or those on which CI runs something.
host_names() { awk -v which="${1:-}" '!/^#/ && NF && (which != "ci" || $5 != "none") { print $1 }' "$here/hosts.txt"; }

# read_host NAME: its row, in host, xen, linux, xen_suite, linux_suite, qemu_suite; qemu_release as far as its name says it.
read_host() {
  host=$1
  local row
  row=$(host_row "$host")
  [ -n "$row" ] || { echo "no host is named $host; there are: $(host_names | tr '\n' ' ')" >&2; exit 1; }
  read -r _ xen_suite linux_suite qemu_suite _ <<<"$row"
  xen=${host#xen}
  xen=${xen%-linux*}
  linux=${host##*-linux}
  linux=${linux%-qemu*}
  qemu_release=
  case $host in *-qemu*) qemu_release=${host##*-qemu} ;; esac
}

# The table of hosts.

host_row() { awk -v name="$1" '!/^#/ && $1 == name' "$here/hosts.txt"; }
host_names() { awk '!/^#/ && NF { print $1 }' "$here/hosts.txt"; }

# read_host NAME: its row, in host, xen, linux, xen_suite, linux_suite, qemu_suite.
read_host() {
  host=$1
  local row
  row=$(host_row "$host")
  [ -n "$row" ] || { echo "no host is named $host; there are: $(host_names | tr '\n' ' ')" >&2; exit 1; }
  read -r _ xen_suite linux_suite qemu_suite _ <<<"$row"
  xen=${host#xen}
  xen=${xen%-linux*}
  linux=${host##*-linux}
}

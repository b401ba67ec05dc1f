#!/usr/bin/env bash
# Makes everything that one host of the Xen lab boots, from Debian packages, in a folder outside the checkout: QEMU, a hypervisor, a kernel, and two
# initramfs (dom0's and a guest's). Run it again at any time: it does only what is missing. Needs root only to install the few tools it works with.
#
#   tests/Lab/prepare.sh [HOST]    a host of hosts.txt; default: PCIBACKFLOW_LAB_HOST, else the table's first
#   tests/Lab/prepare.sh --list [ci]   their names, or of those on which CI runs something
#
#   PCIBACKFLOW_LAB_CACHE          the folder; default $XDG_CACHE_HOME/pcibackflow-lab (about 600 MB for each host)
#
# In it, HOST/ is what a boot of that host needs, unpacked/ the packages it was made of, archive/ what apt knows of each suite.
# A folder gets its name when it is complete, so that nothing half made is ever taken for whole.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in table archive roots kernel initramfs; do . "$here/prepare/$part.sh"; done

if [ "${1:-}" = --list ]; then host_names "${2:-}"; exit 0; fi
read_host "${1:-${PCIBACKFLOW_LAB_HOST:-$(host_names | head -1)}}"

cache=${PCIBACKFLOW_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pcibackflow-lab}
mkdir -p "$cache/unpacked"

# One at a time: two test runs may start together.
exec 9>"$cache/lock"
flock 9

stamp=$({ host_row "$host"; cat "$here/prepare.sh" "$here"/prepare/*.sh; } | sha256sum | cut -d' ' -f1)
if [ "$(cat "$cache/$host/stamp" 2>/dev/null)" = "$stamp" ] && [ -d "$cache/unpacked/qemu-$qemu_suite" ]; then
  echo "the lab is ready in $cache/$host: $(cat "$cache/$host/versions")"
  exit 0
fi

failed() {
  echo "$host cannot be made: $*" >&2
  exit 1
}
made=$cache/$host.new
work=$cache/work.new
remove_unfinished() { rm -rf "$cache"/*.new "$cache"/unpacked/*.new "$cache"/archive/*/archives; }
trap remove_unfinished EXIT
remove_unfinished
mkdir -p "$made" "$work"

install_tools cpio kmod xz-utils zstd util-linux tar
export PATH=$PATH:/usr/sbin:/sbin

# version_of PACKAGE ROOT
version_of() { sed -n "s/^$1 //p" "$2/.versions"; }

qemu=$cache/unpacked/qemu-$qemu_suite
with_dependencies "$qemu" "$qemu_suite" qemu-system-x86 seabios ipxe-qemu
case $(version_of qemu-system-x86 "$qemu" | sed 's/^[0-9]*://') in
  "${qemu_release:+$qemu_release.}"*) ;;
  *) failed "the suite $qemu_suite has QEMU $(version_of qemu-system-x86 "$qemu"), not $qemu_release" ;;
esac
tools=$cache/unpacked/xen-$xen_suite
with_dependencies "$tools" "$xen_suite" "xen-utils-$xen" "xen-hypervisor-$xen-amd64" xenstore-utils pciutils nvme-cli busybox-static
unpack_kernel "$cache/unpacked/linux-$linux_suite-$linux" "$linux_suite" "$linux"

# QEMU's multiboot loader takes the ELF image, not the gzip around it.
zcat "$tools/boot/xen-$xen-amd64.gz" >"$made/xen" || failed "the package of Xen $xen has no /boot/xen-$xen-amd64.gz"
extract_vmlinux "$(boot_image)" "$made/vmlinux"
make_guest_initramfs "$work/guest" "$made/guest.cpio"
make_dom0_initramfs "$work/dom0" "$made/dom0.cpio" "$made/vmlinux"
make_qemu_launcher "$qemu" "$made/qemu"

# A blank disk; every boot writes to its own copy of it.
truncate -s 96M "$made/disk.img"

echo "Xen $(version_of "xen-hypervisor-$xen-amd64" "$tools"), Linux $kernel, QEMU $(version_of qemu-system-x86 "$qemu")" >"$made/versions"
echo "$stamp" >"$made/stamp"
rm -rf "${cache:?}/$host"
mv "$made" "$cache/$host"
echo "the lab is ready in $cache/$host: $(cat "$cache/$host/versions")"

#!/usr/bin/env bash
# Makes everything the Xen lab boots, from Debian packages, in a folder outside the checkout: a hypervisor, a kernel, and two
# initramfs (dom0's and a guest's). Run it again at any time: it does only what is missing. Needs root only to install packages.
#
#   PCIBACKFLOW_LAB_CACHE   the folder; default $XDG_CACHE_HOME/pcibackflow-lab (about 700 MB)
set -euo pipefail
cache=${PCIBACKFLOW_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pcibackflow-lab}
mkdir -p "$cache"

# One at a time: two test runs may start together.
exec 9>"$cache/lock"
flock 9

stamp=$(sha256sum "${BASH_SOURCE[0]}" | cut -d' ' -f1)
if [ "$(cat "$cache/stamp" 2>/dev/null)" = "$stamp" ] && [ -e "$cache/dom0.cpio" ] && command -v qemu-system-x86_64 cpio setpriv >/dev/null; then
  echo "the lab is ready in $cache"
  exit 0
fi
rm -f "$cache/stamp"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

updated=
update_once() { [ -n "$updated" ] || as_root apt-get update -q; updated=1; }

# The newest hypervisor that this Debian has, e.g. 4.17.
offered_xen() { apt-cache search --names-only '^xen-hypervisor-[0-9.]+-amd64$' | sed -n 's/^xen-hypervisor-\([0-9.]*\)-amd64 .*/\1/p' | sort -V | tail -1; }
# The kernel behind the meta package, e.g. 6.1.0-56-amd64.
offered_kernel() { apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: linux-image-//p' | head -1; }

[ -n "$(offered_xen)" ] && [ -n "$(offered_kernel)" ] || update_once
xen=$(offered_xen)
[ -n "$xen" ] || { echo "no package xen-hypervisor-VERSION-amd64 on offer: this needs Debian's main archive" >&2; exit 1; }

need="qemu-system-x86 seabios ipxe-qemu nvme-cli xen-utils-$xen xen-hypervisor-$xen-amd64 xenstore-utils pciutils busybox-static cpio kmod xz-utils util-linux"
if ! dpkg -s $need >/dev/null 2>&1; then
  update_once
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $need
fi
export PATH=$PATH:/usr/sbin:/sbin

# The kernel is unpacked, never installed. One that is there already serves, whatever the archive has by now.
kernel=$(cat "$cache/kernel.version" 2>/dev/null || true)
if [ -z "$kernel" ] || [ ! -d "$cache/kernel/lib/modules/$kernel" ]; then
  [ -n "$updated" ] || update_once
  kernel=$(offered_kernel)
  rm -rf "$cache/kernel" "$cache/package"
  mkdir -p "$cache/package"
  (cd "$cache/package" && apt-get download -q "linux-image-$kernel")
  dpkg -x "$cache/package"/linux-image-*.deb "$cache/kernel"
  rm -rf "$cache/package"
  depmod -b "$cache/kernel" "$kernel"
  echo "$kernel" >"$cache/kernel.version"
fi

# QEMU's multiboot loader takes the ELF image, not the gzip around it.
zcat "/boot/xen-$xen-amd64.gz" >"$cache/xen"

# vmlinux out of the boot image: decompressing xz under emulation would cost seconds per boot.
image=$cache/kernel/boot/vmlinuz-$kernel
at=$(LC_ALL=C grep -abom1 -P '\xfd7zXZ\x00' "$image" | head -1 | cut -d: -f1)
[ -n "$at" ] || { echo "no xz stream in $image: has the archive's kernel another compression?" >&2; exit 1; }
tail -c "+$((at + 1))" "$image" | xz -dc --single-stream >"$cache/vmlinux" 2>/dev/null || true
[ "$(head -c 4 "$cache/vmlinux" | tail -c 3)" = ELF ] || { echo "no ELF kernel in $image" >&2; exit 1; }

work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# A program and the libraries it is linked with.
add() {
  local root=$1 source=$2 target=${3:-$2}
  mkdir -p "$root$(dirname "$target")"
  rm -f "$root$target"
  cp -L "$source" "$root$target"
  ldd "$source" 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
    [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; }
  done || true
}

# Folders and busybox with all its names.
skeleton() {
  local root=$1 applet
  mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,lib,lib64,etc,proc,sys,dev,run/lock,tmp,var}
  cp /bin/busybox "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
}

# Kernel modules with everything they depend on.
modules() {
  local root=$1 module
  shift
  mkdir -p "$root/lib/modules/$kernel"
  cp "$cache/kernel/lib/modules/$kernel"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$kernel/"
  for module; do modprobe -d "$cache/kernel" -S "$kernel" --show-depends "$module"; done \
    | sed -n "s#^insmod .*/lib/modules/$kernel/\([^ ]*\).*#\1#p" | sort -u | while read -r file; do
      mkdir -p "$root/lib/modules/$kernel/$(dirname "$file")"
      cp "$cache/kernel/lib/modules/$kernel/$file" "$root/lib/modules/$kernel/$file"
    done
  depmod -b "$root" "$kernel"
}

# Uncompressed: the cheapest to unpack under emulation. Renamed into place, so that a boot under way keeps its own.
pack() { (cd "$1" && find . | cpio -o -H newc --quiet -R 0:0) >"$2.new" && mv "$2.new" "$2"; }

drivers="e1000e e1000 e100 8139cp vmxnet3 nvme ahci sd_mod megaraid_sas vmw_pvscsi xhci-pci ehci-pci uhci-hcd usb-storage virtio_pci virtio_net virtio_blk virtio-rng virtio_console"

guest=$work/guest
skeleton "$guest"
for program in /usr/bin/lspci /usr/bin/setpci; do add "$guest" $program; done
# For a guest whose frontend is a program: the C library that one needs, and the devices through which it grants pages and binds ports.
add "$guest" /lib/x86_64-linux-gnu/libm.so.6
modules "$guest" xen-pcifront xen-evtchn xen-gntalloc $drivers
pack "$guest" "$cache/guest.cpio"

dom0=$work/dom0
skeleton "$dom0"
mkdir -p "$dom0"/{dev/pts,etc/xen,guest,run/xen,var/lib/xen,var/lib/xenstored,var/log/xen/console}
ln -s /run "$dom0/var/run"
ln -s /run/lock "$dom0/var/lock"
: >"$dom0/etc/xen/xl.conf"
tools=/usr/lib/xen-$xen/bin
for program in xenstored xenconsoled xen-init-dom0 xl libxl-save-helper xenconsole lsevtchn xen-diag; do add "$dom0" "$tools/$program" "/usr/sbin/$program"; done
# xl starts its helpers by their full path.
mkdir -p "$dom0/usr/lib/xen-$xen"
ln -s /usr/sbin "$dom0/usr/lib/xen-$xen/bin"
for program in /usr/bin/xenstore /usr/bin/lspci /usr/bin/setpci /usr/sbin/nvme; do add "$dom0" $program; done
for name in chmod exists list ls read rm watch write; do ln -sf xenstore "$dom0/usr/bin/xenstore-$name"; done
# What the tested program loads at run time.
for library in /usr/lib/x86_64-linux-gnu/libxen*.so.*; do add "$dom0" "$library"; done
for library in libgcc_s.so.1 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libz.so.1; do add "$dom0" "/lib/x86_64-linux-gnu/$library"; done
modules "$dom0" xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-pciback pci-stub aer_inject fuse ext4 crc32c_generic $drivers
cp "$cache/vmlinux" "$dom0/guest/vmlinux"
pack "$dom0" "$cache/dom0.cpio"

# A blank disk; every boot writes to its own copy of it.
truncate -s 96M "$cache/disk.img"

echo "$stamp" >"$cache/stamp"
echo "the lab is ready in $cache: Xen $xen, Linux $kernel"

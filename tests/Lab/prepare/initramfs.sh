# The two initramfs. Programs and libraries are from $tools, modules from $kernel_root, of the kernel $kernel.

# add ROOT PROGRAM [TARGET]: a program of $tools, with the libraries it is linked with.
add() {
  local target=${3:-$2} library list
  place "$1" "$tools$2" "$target"
  list=$(libraries "$tools" "$tools$2")
  for library in $list; do place "$1" "$library" "${library#"$tools"}"; done
}
place() {
  [ -e "$2" ] || failed "$2 is not in the packages"
  mkdir -p "$1$(dirname "$3")"
  [ -e "$1$3" ] || cp -L "$2" "$1$3"
}

# skeleton ROOT: folders and busybox with all its names.
skeleton() {
  local root=$1 applet
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{etc,proc,sys,dev,run/lock,tmp,var}
  for applet in bin sbin lib lib64; do ln -s "usr/$applet" "$root/$applet"; done
  cp "$tools/bin/busybox" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
}

# modules ROOT MODULE...: kernel modules with everything they depend on, uncompressed.
modules() {
  local root=$1 module from=$kernel_root/lib/modules/$kernel file
  shift
  mkdir -p "$root/lib/modules/$kernel"
  cp "$from"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$kernel/"
  for module; do
    modprobe -d "$kernel_root" -S "$kernel" --show-depends "$module" || failed "Linux $kernel has no module $module"
  done >"$work/modules"
  for file in $(sed -n "s#^insmod .*/lib/modules/$kernel/\([^ ]*\).*#\1#p" "$work/modules" | sort -u); do
    mkdir -p "$root/lib/modules/$kernel/$(dirname "$file")"
    case $file in
      *.xz) xz -dc "$from/$file" >"$root/lib/modules/$kernel/${file%.xz}" ;;
      *.zst) zstd -dcq "$from/$file" >"$root/lib/modules/$kernel/${file%.zst}" ;;
      *) cp "$from/$file" "$root/lib/modules/$kernel/$file" ;;
    esac
  done
  depmod -b "$root" "$kernel"
}

# pack ROOT FILE: uncompressed, the cheapest to unpack under emulation.
pack() { (cd "$1" && find . | cpio -o -H newc --quiet -R 0:0) >"$2"; }

drivers="e1000e e1000 igb igbvf e100 8139cp vmxnet3 nvme ahci sd_mod megaraid_sas vmw_pvscsi xhci-pci ehci-pci uhci-hcd usb-storage virtio_pci virtio_net virtio_blk virtio-rng virtio_console"

# make_guest_initramfs ROOT FILE
make_guest_initramfs() {
  skeleton "$1"
  add "$1" /usr/bin/lspci
  add "$1" /usr/bin/setpci
  # For a guest whose frontend is a program: the C library that one needs, and the devices through which it grants pages and binds ports.
  add "$1" /usr/lib/x86_64-linux-gnu/libm.so.6
  modules "$1" xen-pcifront xen-evtchn xen-gntalloc $drivers
  pack "$1" "$2"
}

# make_dom0_initramfs ROOT FILE VMLINUX
make_dom0_initramfs() {
  local root=$1 name library
  skeleton "$root"
  mkdir -p "$root"/{dev/pts,etc/xen,guest,run/xen,var/lib/xen,var/lib/xenstored,var/log/xen/console}
  ln -s /run "$root/var/run"
  ln -s /run/lock "$root/var/lock"
  : >"$root/etc/xen/xl.conf"
  for name in xenstored xenconsoled xen-init-dom0 xl libxl-save-helper xenconsole lsevtchn xen-diag; do add "$root" "/usr/lib/xen-$xen/bin/$name" "/usr/sbin/$name"; done
  # xl starts its helpers by their full path.
  mkdir -p "$root/usr/lib/xen-$xen"
  ln -s /usr/sbin "$root/usr/lib/xen-$xen/bin"
  for name in /usr/bin/xenstore /usr/bin/lspci /usr/bin/setpci /usr/sbin/nvme; do add "$root" $name; done
  for name in chmod exists list ls read rm watch write; do ln -sf xenstore "$root/usr/bin/xenstore-$name"; done
  # What the tested program loads at run time.
  for library in "$tools"/usr/lib/x86_64-linux-gnu/libxen*.so.*; do add "$root" "${library#"$tools"}"; done
  for name in libgcc_s.so.1 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libz.so.1; do add "$root" "/usr/lib/x86_64-linux-gnu/$name"; done
  modules "$root" xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-pciback pci-stub aer_inject fuse ext4 $drivers
  cp "$3" "$root/guest/vmlinux"
  pack "$root" "$2"
}

# A kernel of a suite, unpacked, never installed.

# unpack_kernel FOLDER SUITE SERIES: the newest of a series, e.g. 6.12; its folder in kernel_root, its version in kernel. One that is there already serves,
# whatever the archive has by now.
unpack_kernel() {
  kernel_root=$1
  local suite=$2 image packages
  if [ ! -d "$kernel_root" ]; then
    use_suite "$suite"
    # e.g. 6.1.0-50-amd64, 6.12.117+deb13-amd64; not those for clouds or real time.
    image=$(apt_cache pkgnames linux-image- | grep -xE "linux-image-${3//./\\.}\.[0-9]+(\+[a-z0-9]+)?(-[0-9]+)?-amd64" | sort -V | tail -1) || true
    [ -n "$image" ] || failed "the suite $suite has no kernel of the series $3"
    mkdir -p "$kernel_root.debs.new"
    # Newer ones come in several packages of the same version: the image depends on its binary, its modules and the lists of both.
    packages=$(apt_cache depends --recurse --important "$image" | grep -E '^linux-[a-z]+-' | grep -F -- "-${image#linux-image-}" | sort -u)
    (cd "$kernel_root.debs.new" && apt download -q $packages) || failed "$image cannot be fetched"
    unpack "$kernel_root.new" "$kernel_root.debs.new"/*.deb
    echo "${image#linux-image-}" >"$kernel_root.new/.kernel"
    depmod -b "$kernel_root.new" "${image#linux-image-}"
    mv "$kernel_root.new" "$kernel_root"
  fi
  kernel=$(cat "$kernel_root/.kernel")
}

# boot_image: newer packages have it among the modules.
boot_image() { find "$kernel_root/boot/vmlinuz-$kernel" "$kernel_root/usr/lib/modules/$kernel/vmlinuz" 2>/dev/null | head -1; }

# extract_vmlinux IMAGE FILE: the ELF kernel out of the boot image: decompressing it under emulation would cost seconds per boot.
extract_vmlinux() {
  local at
  for at in $(LC_ALL=C grep -abo -P '\xfd7zXZ\x00' "$1" | cut -d: -f1); do
    tail -c "+$((at + 1))" "$1" | xz -dc --single-stream >"$2" 2>/dev/null || true
    is_elf "$2" && return
  done
  for at in $(LC_ALL=C grep -abo -P '\x28\xb5\x2f\xfd' "$1" | cut -d: -f1); do
    # It says that what follows the stream is none.
    tail -c "+$((at + 1))" "$1" | zstd -dcq >"$2" 2>/dev/null || true
    is_elf "$2" && return
  done
  failed "no ELF kernel, by xz or zstd, in $1"
}
is_elf() { [ "$(head -c 4 "$1" | tail -c 3)" = ELF ]; }

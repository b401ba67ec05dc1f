# Programs of a suite with all their libraries, in a folder; they run with that suite's own C library.

# with_dependencies FOLDER SUITE PACKAGE...: unpacked with everything they depend on.
with_dependencies() {
  local root=$1 suite=$2 package
  shift 2
  [ "$(cat "$root/.asked" 2>/dev/null)" = "$*" ] && return
  use_suite "$suite"
  for package; do
    apt_cache show --no-all-versions "$package" >/dev/null 2>&1 || failed "the suite $suite has no package $package"
  done
  apt clean
  apt install -y -q --no-install-recommends --download-only "$@" || failed "not everything that these depend on can be had from the suite $suite: $*"
  unpack "$root.new" "$cache/archive/$suite/archives"/*.deb
  echo "$*" >"$root.new/.asked"
  apt clean
  rm -rf "$root"
  mv "$root.new" "$root"
}

# library_path ROOT: where its libraries are.
library_path() { echo "$1/usr/lib/x86_64-linux-gnu:$1/usr/lib/x86_64-linux-gnu/pulseaudio:$1/usr/lib"; }

# libraries ROOT PROGRAM: the files in this root that it is linked with, the dynamic linker included.
libraries() {
  local list
  list=$("$1/lib64/ld-linux-x86-64.so.2" --library-path "$(library_path "$1")" --list "$2" 2>/dev/null) || return 0
  case $list in *'not found'*) failed "$2 lacks a library: $(grep 'not found' <<<"$list" | head -1)" ;; esac
  grep -oE "$1/[^ ]+" <<<"$list"
  echo "$1/lib64/ld-linux-x86-64.so.2"
}

# make_qemu_launcher ROOT FILE: a program that is this root's QEMU.
make_qemu_launcher() {
  cat >"$2" <<END
#!/bin/sh
export QEMU_MODULE_DIR='$1/usr/lib/x86_64-linux-gnu/qemu'
exec '$1/lib64/ld-linux-x86-64.so.2' --library-path '$(library_path "$1")' '$1/usr/bin/qemu-system-x86_64' \\
  -L '$1/usr/share/qemu' -L '$1/usr/share/seabios' -L '$1/usr/lib/ipxe/qemu' "\$@"
END
  chmod +x "$2"
  "$2" --version >/dev/null || failed "QEMU of $1 does not run here"
}

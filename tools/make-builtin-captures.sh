#!/bin/bash
# Makes the captures that PciBackFlow ships: boots a Debian kernel under QEMU with one of each device and saves what
# `lspci -vvvxxxx` prints of each, as root, in that machine. Debian packages: qemu-system-x86 pciutils busybox-static cpio.
#   tools/make-builtin-captures.sh OUTPUT-DIRECTORY
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
need="qemu-system-x86 pciutils busybox-static cpio"
dpkg -s $need >/dev/null 2>&1 || { apt-get update -q && apt-get install -y --no-install-recommends $need; }

cd "$work"
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p' | head -1)
apt-get download -q "$kernel" >/dev/null
dpkg -x "$kernel"*.deb kernel

mkdir -p root/{bin,usr/bin,proc,sys,dev,usr/share/misc}
cp /bin/busybox root/bin/busybox
for program in $(command -v lspci); do
  cp -L "$program" root/usr/bin/
  ldd "$program" | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do mkdir -p "root$(dirname "$library")"; cp -L "$library" "root$library"; done
done
cp /usr/share/misc/pci.ids root/usr/share/misc/
cat > root/init <<'I'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
echo "=== begin"
lspci -D -vvvxxxx
echo "=== end"
/bin/busybox poweroff -f
I
chmod +x root/init
(cd root && find . | cpio -o -H newc --quiet | gzip -1) > initrd
truncate -s 16M disk

timeout 300 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -m 768M -nodefaults -display none -serial stdio -no-reboot \
  -kernel kernel/boot/vmlinuz-* -initrd initrd -append "console=ttyS0 quiet mitigations=off" \
  -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off \
  -device e1000e,addr=4 -drive if=none,id=d0,format=raw,file=disk,snapshot=on -device nvme,serial=PCIBACKFLOW,drive=d0,addr=5 \
  -device edu,addr=6 -device qemu-xhci,addr=7 -device e1000,addr=8 -device ich9-ahci,addr=9 \
  -device pcie-root-port,id=rp0,slot=1,chassis=1,addr=0xa -device virtio-net-pci,bus=rp0,disable-legacy=on,aer=on,iommu_platform=on,ats=on \
  -device pcie-root-port,id=rp1,slot=2,chassis=2,addr=0xb -device nvme-subsys,id=ss -device nvme,serial=SRIOV,subsys=ss,bus=rp1,sriov_max_vfs=4,sriov_vq_flexible=8,sriov_vi_flexible=4,max_ioqpairs=18,msix_qsize=16 \
  -device rtl8139,addr=0xc -device pci-bridge,id=br1,chassis_nr=3,addr=0xd -device virtio-rng-pci,addr=0xe \
  -device intel-hda,addr=0xf -device VGA,addr=0x10 -device nec-usb-xhci,addr=0x11 \
  | tr -d '\r' > log

sed -n '/^=== begin/,/^=== end/p' log | sed '1d;$d' > all
[ -s all ] || { echo "the machine printed no devices:"; tail -20 log; exit 1; }
save() { # name, address: one function of the log
  awk -v address="$2" 'BEGIN { RS = ""; ORS = "\n\n" } index($0, address) == 1' all > "$out/$1.txt"
  [ -s "$out/$1.txt" ] || { echo "no function at $2"; exit 1; }
}
save e1000e 0000:00:04.0; save nvme 0000:00:05.0; save edu 0000:00:06.0; save xhci 0000:00:07.0; save e1000 0000:00:08.0
save ahci 0000:00:09.0; save root-port 0000:00:0a.0; save virtio-net 0000:01:00.0; save nvme-sriov 0000:02:00.0
save rtl8139 0000:00:0c.0; save pci-bridge 0000:00:0d.0; save virtio-rng 0000:00:0e.0; save hda 0000:00:0f.0
save vga 0000:00:10.0; save nec-xhci 0000:00:11.0
ls -l "$out"

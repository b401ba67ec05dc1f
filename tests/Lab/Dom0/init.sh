#!/bin/sh
# The first process of the lab's dom0: the toolstack, then the scenario's cases, then the power is cut.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tracefs trace /sys/kernel/tracing
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /var/log/lab
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
ln -s /proc/self/fd /dev/fd 2>/dev/null
ip link set lo up

# The second serial port carries the reports: Xen and the kernel write over each other on the first.
stty -F /dev/ttyS1 raw -echo

argument() { tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tail -1; }

# As an initramfs with the hook does it: devices are hidden before any driver is loaded.
for hook in /lab/hooks/*; do
  [ -x "$hook" ] && { echo "-- hook $hook"; "$hook"; }
done
for driver in $(argument lab.drivers | tr , ' '); do
  echo "-- driver $driver"
  modprobe "$driver"
done

for module in xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs fuse; do
  modprobe $module || echo "BOOT FAILED modprobe $module" > /dev/ttyS1
done
mount -t xenfs xenfs /proc/xen
# Its trace is evidence: the situation after a failed case shows the end of it.
xenstored --pid-file=/run/xen/xenstored.pid --trace-file=/var/log/lab/xenstored
tries=50
until xenstore-read -s / > /dev/null 2>&1 || [ $tries = 0 ]; do sleep 0.1; tries=$((tries - 1)); done
xen-init-dom0 || echo "BOOT FAILED xen-init-dom0" > /dev/ttyS1
xenconsoled --pid-file=/run/xen/xenconsoled.pid --log=all --log-dir=/var/log/xen/console

# Dom0 on the second processor, guests on the first: there are the timers with which a frontend polls for its answer (docs/lab.md, "Who runs where").
if xl vcpu-pin 0 all 1; then sh /lab/cases.sh; else echo "BOOT FAILED vcpu-pin" > /dev/ttyS1; fi
sync
poweroff -f

#!/bin/sh
# The first process of the lab's guest: it does what dom0 types on its console, one numbered line at a time.
export PATH=/usr/bin:/bin:/sbin HOME=/
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
stty -echo < /dev/console
# In the background: it waits up to 30 s for a backend that does not come.
grep -q lab.frontend=none /proc/cmdline || modprobe xen-pcifront &
echo "LAB ready"
while read -r sequence text; do
  # As in dom0: the first command that fails is the failure of all of them.
  # shellcheck disable=SC1091 # it is there in the guest
  (set -e; . /lab.sh; eval "$text") > /tmp/out 2>&1 < /dev/null
  code=$?
  # On a line of its own: the kernel writes to the same console from another processor, and would write into the answer.
  dmesg -n 1
  sleep 0.1
  { echo; sed "s/^/LAB $sequence | /" /tmp/out; echo "LAB $sequence rc=$code"; } > /tmp/answer
  cat /tmp/answer
  dmesg -n 7
done < /dev/console

# Words that scenarios use inside a guest. A function is named by what the guest calls it, or found by its ids.

# functions: the guest's functions, one a line.
functions() { ls /sys/bus/pci/devices; }

# has COUNT: waits until the guest has exactly so many functions.
has() {
  tries=150
  until [ "$(functions | wc -l)" = "$1" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "functions: $(functions | tr '\n' ' ')"; return 1; }
    sleep 0.2
  done
}

# at IDS [N]: the guest's address of the (N-th) function with these ids, e.g. 8086:10d3.
at() {
  for one in $(functions); do
    [ "$(cut -c3- /sys/bus/pci/devices/$one/vendor):$(cut -c3- /sys/bus/pci/devices/$one/device)" = "$1" ] && echo "$one"
  done | sed -n "${2:-1}p"
}

driver() { basename "$(readlink /sys/bus/pci/devices/$1/driver)"; }

# interface ADDRESS: its network interface, waited for. A virtio device lies between the function and its interface.
interface() {
  tries=50
  until interfaces "$1" | grep -q .; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "no interface at $1" >&2; return 1; }
    sleep 0.2
  done
  interfaces "$1"
}
interfaces() { ls -d /sys/bus/pci/devices/$1/net/* /sys/bus/pci/devices/$1/virtio*/net/* 2> /dev/null | sed 's,.*/,,'; }

# online ADDRESS [OWN]: link up, an address of QEMU's user network.
online() {
  name=$(interface "$1") || return 1
  ip link set "$name" up || return 1
  tries=60
  until [ "$(cat /sys/class/net/$name/carrier 2> /dev/null)" = 1 ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "no link on $name"; return 1; }
    sleep 0.25
  done
  ip addr flush dev "$name"
  ip addr add ${2:-10.0.2.15}/24 dev "$name"
}

# pings ADDRESS: three packets through this function, all answered.
pings() {
  online "$1" || return 1
  ping -c 3 -i 0.2 -W 3 -I "$name" 10.0.2.2 | tee /tmp/ping
  ip addr flush dev "$name"
  grep -q '3 packets received' /tmp/ping
}

# reaches ADDRESS TO: three packets through a function that is online, all answered; those that are lost while a link comes up do not count.
reaches() {
  name=$(interface "$1") || return 1
  tries=20
  until ping -c 3 -i 0.2 -W 2 -I "$name" "$2" > /tmp/ping 2>&1 && grep -q '3 packets received' /tmp/ping; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat /tmp/ping; return 1; }
    sleep 0.5
  done
  tail -2 /tmp/ping
}

# traffic ADDRESS: packets in the background, for as long as the guest lives.
traffic() {
  online "$1" || return 1
  for stream in 1 2 3; do while :; do ping -q -c 50 -i 0.02 -s 1400 -I "$name" 10.0.2.2 > /dev/null 2>&1; done & done
  sleep 1
  [ "$(cat /sys/class/net/$name/statistics/rx_packets)" -gt 5 ] || { echo "no traffic on $name"; return 1; }
}

# disk ADDRESS: the block device of a storage controller, waited for.
disk() {
  tries=75
  until blocks "$1" | grep -q .; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "no disk at $1" >&2; return 1; }
    sleep 0.2
  done
  blocks "$1" | head -1
}
blocks() {
  for block in /sys/block/*; do if readlink -f "$block" | grep -q "/$1/"; then basename "$block"; fi; done
  # A namespace that several controllers share is not below any of them (nvme multipath): the path nvme0c1n1 belongs to nvme0n1.
  for block in /sys/bus/pci/devices/$1/nvme/nvme*/nvme*c*n*; do if [ -e "$block" ]; then basename "$block" | sed 's/c[0-9]*n/n/'; fi; done
}

# pattern SEED MIB: the same bytes for the same seed; each 128 KiB begin with their number, and processes are few, because here they cost more than bytes.
pattern() {
  awk -v seed="$1" 'BEGIN { srand(seed); for (i = 0; i < 4096; i++) printf "%08x%08x%08x%08x", int(rand() * 4294967295), int(rand() * 4294967295), int(rand() * 4294967295), int(rand() * 4294967295) }' | head -c 131056 > /tmp/block
  copies=0
  while [ $copies -lt $(($2 * 8)) ]; do
    printf '%-15s\n' "$1 $copies"
    cat /tmp/block
    copies=$((copies + 1))
  done
}

# keeps_data ADDRESS SEED MIB: written, read back past the cache, compared. What is written is hashed on its way.
keeps_data() {
  name=$(disk "$1") || return 1
  [ -p /tmp/copy ] || mkfifo /tmp/copy
  sha256sum < /tmp/copy > /tmp/written &
  hash=$!
  pattern "$2" "$3" | tee /tmp/copy | dd of=/dev/$name bs=128k conv=fsync 2> /dev/null || return 1
  wait $hash
  echo 3 > /proc/sys/vm/drop_caches
  read=$(dd if=/dev/$name bs=128k count=$(($3 * 8)) 2> /dev/null | sha256sum)
  echo "$name: $3 MiB, $read"
  [ "$(cat /tmp/written)" = "$read" ]
}

# mode ADDRESS: INTx, MSI or MSI-X, with the number of vectors: from the kernel's own tables.
mode() {
  vectors=$(ls /sys/bus/pci/devices/$1/msi_irqs 2> /dev/null | wc -l)
  if [ "$vectors" = 0 ]; then echo INTx; return; fi
  first=$(ls /sys/bus/pci/devices/$1/msi_irqs | head -1)
  echo "$(cat /sys/bus/pci/devices/$1/msi_irqs/$first | sed 's/msix/MSI-X/; s/msi/MSI/') $vectors"
}

# counts ADDRESS: how many interrupts each of its vectors (or its line) has had so far, one a line.
counts() {
  lines=$(ls /sys/bus/pci/devices/$1/msi_irqs 2> /dev/null || true)
  for line in ${lines:-$(cat /sys/bus/pci/devices/$1/irq)}; do
    awk -v line="$line:" '$1 == line { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i; print sum + 0 }' /proc/interrupts
  done
}

# interrupts ADDRESS: all of them together.
interrupts() { counts "$1" | awk '{ sum += $1 } END { print sum + 0 }'; }

# vectors_used ADDRESS: how many of its vectors have had any.
vectors_used() { counts "$1" | awk '$1 > 0 { used++ } END { print used + 0 }'; }

# served_by ADDRESS CPU: its interrupts go to this processor from now on, and it takes them there: packets are answered while that processor's count grows.
served_by() {
  lines=$(ls /sys/bus/pci/devices/$1/msi_irqs)
  for line in $lines; do echo "$2" > /proc/irq/$line/smp_affinity_list || return 1; done
  before=$(counts_on "$1" "$2")
  pings "$1" || return 1
  after=$(counts_on "$1" "$2")
  echo "processor $2: $before, then $after"
  [ "$after" -gt "$before" ]
}
counts_on() { for line in $lines; do awk -v line="$line:" -v column=$(($2 + 2)) '$1 == line { print $column }' /proc/interrupts; done | awk '{ sum += $1 } END { print sum + 0 }'; }

# trace_vectors: from here on the kernel's trace times each enabling of MSI-X by the frontend, with the number of vectors asked for.
trace_vectors() {
  modprobe xen-pcifront
  mount -t tracefs tracefs /sys/kernel/tracing
  cd /sys/kernel/tracing || return 1
  echo pci_frontend_enable_msix > set_ftrace_filter || return 1
  # The third argument is the count (drivers/pci/xen-pcifront.c).
  echo 'p:vectors pci_frontend_enable_msix count=%dx:s32' > kprobe_events || return 1
  echo function_graph > current_tracer || return 1
  echo 1 > events/kprobes/vectors/enable
}

forget_vectors() { echo > /sys/kernel/tracing/trace; }

# vector_times ADDRESS: waits until its driver has asked for message interrupts; prints "vectors COUNT MICROSECONDS" of the first time since forget_vectors.
vector_times() {
  tries=100
  until grep -q ' us *|' /sys/kernel/tracing/trace; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "the driver of $1 asked for no message interrupt"; head -20 /sys/kernel/tracing/trace; return 1; }
    sleep 0.2
  done
  awk '/count=/ { sub(/.*count=/, ""); count = $1 + 0 } / us +\|/ { for (i = 2; i <= NF; i++) if ($i == "us") { print "vectors", count, $(i - 1); exit } }' /sys/kernel/tracing/trace
}

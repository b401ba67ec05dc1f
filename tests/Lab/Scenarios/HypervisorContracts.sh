# The interfaces to the hypervisor against the real one: the same checks that the one in memory passes.

contract() {
  try labprobe "$1" || fail "$(grep '^FAILED' $STATE/out | head -3 | tr '\n' ';')"
  matches "checks" '^[1-9][0-9]* ok, 0 failed' "$(tail -1 $STATE/out)"
}

Xenstore_through_the_kernels_device() { # at most 300 s
  contract xenbus
}

Xenstore_through_its_socket() { # at most 300 s
  contract socket
}

Event_channels() { # at most 300 s
  contract events
}

Grants() { # at most 300 s
  contract grants
  nothing_leaked
}

Devices_and_interrupts() { # at most 300 s
  guest_config g1
  guest_create g1 -p
  echo 1 > /sys/bus/pci/devices/$E1000E/enable
  setpci -s $E1000E COMMAND=2:2
  bar=$(lspci -vv -s $E1000E | sed -n 's/.*Vector table: BAR=\([0-5]\) .*/\1/p')
  base=$(sed -n "$((bar + 1))p" /sys/bus/pci/devices/$E1000E/resource | cut -d' ' -f1)
  try labprobe passthrough "$(domid g1)" $E1000E "$base" "$(cat /sys/bus/pci/devices/$E1000E/irq)" || fail "$(grep '^FAILED' $STATE/out | head -3 | tr '\n' ';')"
  matches "checks" '^[1-9][0-9]* ok, 0 failed' "$(tail -1 $STATE/out)"
  guest_destroy g1
  nothing_leaked
}

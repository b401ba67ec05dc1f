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

# passthrough GUEST BDF: the contract with this function, in a guest that never runs.
passthrough() {
  guest_config $1
  guest_create $1 -p
  echo 1 > /sys/bus/pci/devices/$2/enable
  setpci -s $2 COMMAND=2:2
  lspci -vv -s $2
  bar=$(lspci -vv -s $2 | sed -n 's/.*Vector table: BAR=\([0-5]\) .*/\1/p')
  base=$(sed -n "$((bar + 1))p" /sys/bus/pci/devices/$2/resource | cut -d' ' -f1)
  try labprobe passthrough "$(domid $1)" $2 "$base" "$(cat /sys/bus/pci/devices/$2/irq)" || fail "$(grep '^FAILED' $STATE/out | head -3 | tr '\n' ';')"
  matches "checks" '^[1-9][0-9]* ok, 0 failed' "$(tail -1 $STATE/out)"
  guest_destroy $1
  nothing_leaked
}

Devices_and_interrupts() { # at most 300 s
  passthrough g1 $E1000E
}

# Of 16 messages, so that Xen maps several that follow each other.
A_function_with_many_messages() { # at most 300 s
  matches "messages it can send" 'MSI: Enable- Count=1/16' "$(lspci -vv -s 00:10.0)"
  passthrough g2 0000:00:10.0
}

# The emulator lets the root port report errors; the guest that has the device below recovers from them, or loses it.

# Counts of the device's errors, as status has them.
errors() { pcibackflow status --json | tr -d ' \n' | sed -n 's/.*"errors":{\(.*\)},"configuration".*/\1/p'; }
counted() { errors | grep -q "\"$1\":$2[,}]"; }

# settles NAME NUMBER: a recovery has ended so, NUMBER times by now.
settles() { within 30 counted "$1" "$2" || fail "$1 is not $2: $(errors)"; }

sees() { guest_does "$1" 'for f in $(functions); do echo $f; head -c 256 /sys/bus/pci/devices/$f/config | od -A d -v -t x1; done'; }

An_error_that_its_driver_gets_over_leaves_a_device_that_works() { # at most 240 s
  serve
  held $PORT_E1000E
  guest_start g1
  runs pcibackflow pci-attach g1 $PORT_E1000E
  guest_does g1 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  sees g1
  cp $STATE/out $STATE/seen
  machine pcie_aer_inject_error port0 COMP_ABORT
  settles recovered 1
  matches "what status says" '"non_fatal":1' "$(errors)"
  guest_does g1 'pings $(at 8086:10d3)'
}

After_a_fatal_error_its_registers_are_as_they_were() { # at most 240 s
  machine pcie_aer_inject_error port0 DLP
  settles recovered 2
  matches "what status says" '"fatal":1' "$(errors)"
  guest_does g1 'pings $(at 8086:10d3)'
  sees g1
  same_files "what the guest reads" $STATE/seen $STATE/out
  no_match "the guest's kernel" 'Kernel panic|BUG:|Oops' "$(cat "$(console g1)")"
}

A_guest_without_a_handler_loses_the_device() { # at most 240 s
  guest_does g1 'rmmod e1000e'
  machine pcie_aer_inject_error port0 COMP_ABORT
  settles failed 1
  guest_does g1 'has 0'
  within 40 not_listed || fail "it is still the guest's: $(pcibackflow pci-list g1)"
  matches "the daemon's log" "$PORT_E1000E" "$(grep -i error /var/log/lab/serve.log)"
}
not_listed() { ! pcibackflow pci-list g1 | grep -q $PORT_E1000E; }

Nothing_is_left_and_the_next_guest_can_have_it() { # at most 240 s
  guest_off g1
  guest_start g2
  runs pcibackflow pci-attach g2 $PORT_E1000E
  guest_does g2 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  guest_off g2
  nothing_leaked
}

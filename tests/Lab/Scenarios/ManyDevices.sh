# Several devices and guests at once, of several kinds, on every kind of bus.

The_daemon_holds_devices_of_every_kind() {
  serve
  held $E1000E $NVME $AHCI $E1000 $PORT_E1000E $PORT_NVME $BRIDGE_E1000
  runs pcibackflow pci-assignable-list
  equal "assignable devices" 7 "$(wc -l < $STATE/out)"
  served_by_the_binary
}

A_guest_uses_three_devices_at_once() {
  MEMORY=256 guest_start g1
  for device in $E1000E $NVME $AHCI; do runs pcibackflow pci-attach g1 $device; done
  guest_does g1 'has 3; lspci -nn'
  as_foretold g1 $NVME $AHCI
  guest_does g1 'modprobe -a e1000e nvme ahci sd_mod'
  guest_does g1 'pings $(at 8086:10d3)'
  guest_does g1 'keeps_data $(at 1b36:0010) 11 4'
  guest_does g1 'keeps_data $(at 8086:2922) 12 4'
}

# $NVME and $AHCI, which the first one has, are on its line.
A_device_on_another_guests_line_is_refused() {
  guest_start g2
  exits 3 pcibackflow pci-attach g2 $BRIDGE_E1000
  for other in $NVME $AHCI; do
    matches "the reason" "shared-line.*interrupt line [0-9]+ is shared with $other, which domain $(domid g1) has: whoever has one of the two can keep the other's interrupts away" "$(cat $STATE/err)"
  done
  matches "the remedies" "Give both to one guest, .* or insist with --force" "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $BRIDGE_E1000)"
  guest_does g2 'has 0'
}

A_second_guest_uses_it_meanwhile_when_a_person_insists() {
  runs pcibackflow pci-attach --force g2 $BRIDGE_E1000
  matches "the daemon's log" "gets $BRIDGE_E1000 all the same: interrupt line [0-9]+ is shared with $NVME, which domain $(domid g1) has" "$(cat /var/log/lab/serve.log)"
  guest_does g1 'traffic $(at 8086:10d3)'
  guest_does g2 'has 1; modprobe e1000; pings $(at 8086:100e)'
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $E1000E)"
  equal "Xen's owner of it" "d$(domid g2)" "$(owner $BRIDGE_E1000)"
}

Neither_guest_sees_the_others_device() {
  guest_does g1 functions
  equal "functions of the first" 3 "$(wc -l < $STATE/out)"
  guest_does g2 functions
  equal "functions of the second" 1 "$(wc -l < $STATE/out)"
}

The_end_of_one_does_not_touch_the_other() {
  guest_destroy g1
  guest_does g2 'pings $(at 8086:100e)'
  equal "Xen's owner of it" "d$(domid g2)" "$(owner $BRIDGE_E1000)"
  guest_off g2
  nothing_leaked
}

Devices_behind_ports_and_bridges_work() {
  MEMORY=256 guest_start g1
  for device in $PORT_E1000E $PORT_NVME $BRIDGE_E1000; do runs pcibackflow pci-attach g1 $device; done
  guest_does g1 'has 3'
  as_foretold g1 $PORT_E1000E $BRIDGE_E1000
  guest_does g1 'modprobe -a e1000e e1000 nvme'
  guest_does g1 'pings $(at 8086:10d3)'
  guest_does g1 'pings $(at 8086:100e)'
  guest_does g1 'keeps_data $(at 1b36:0010) 13 4'
  guest_off g1
  nothing_leaked
}

told_failed() { [ "$(xenstore-read /local/domain/0/backend/pci/$(domid "$1")/0/aerState 2> /dev/null)" = aerfail ]; }
not_told_failed() { ! told_failed "$1"; }

# The port passes nothing on to the bus behind it, as if the card there had lost its power.
A_device_that_stops_answering_is_told_and_the_guests_other_one_works() {
  guest_start g1
  for device in $PORT_E1000E $E1000; do runs pcibackflow pci-attach g1 $device; done
  guest_does g1 'has 2; modprobe e1000; pings 0000:00:01.0'
  not_told_failed g1 || fail "the toolstack is told before anything has failed"
  buses=$(setpci -s $PORT 18.l)
  setpci -s $PORT SECONDARY_BUS=fe
  guest_does g1 'lspci -x -s 00:00.0'
  setpci -s $PORT 18.l=$buses
  within 10 told_failed g1 || fail "the toolstack is not told: $(xenstore-ls /local/domain/0/backend/pci/$(domid g1)/0)"
  guest_does g1 'lspci -x -s 00:00.0'
  matches "what the guest reads" '^00: ff ff ff ff ff ff ff ff' "$(said)"
  runs pcibackflow status
  matches "the function" "$PORT_E1000E.*gone" "$(said)"
  guest_does g1 'pings 0000:00:01.0'
  runs pcibackflow pci-detach g1 $PORT_E1000E
  within 10 not_told_failed g1 || fail "the toolstack is still told"
  guest_does g1 'has 1; pings 0000:00:01.0'
  runs pcibackflow pci-attach g1 $PORT_E1000E
  guest_does g1 'has 2; modprobe e1000e; pings $(at 8086:10d3)'
}

A_device_that_goes_from_the_hosts_bus_is_told_and_serves_again_when_it_is_back() {
  guest_does g1 'modprobe -r e1000e'
  echo 1 > /sys/bus/pci/devices/$PORT_E1000E/remove
  guest_does g1 'lspci -x -s $(at 8086:10d3)'
  within 10 told_failed g1 || fail "the toolstack is not told: $(xenstore-ls /local/domain/0/backend/pci/$(domid g1)/0)"
  guest_does g1 'setpci -s $(at 8086:100e) VENDOR_ID; setpci -s $(at 8086:10d3) STATUS'
  equal "what the guest reads of both" '8086 ffff' "$(tr '\n' ' ' < $STATE/out | sed 's/ $//')"
  guest_does g1 'pings $(at 8086:100e)'
  guest_destroy g1
  guest_start g2
  exits 1 pcibackflow pci-attach g2 $PORT_E1000E
  matches "the reason" 'it is gone: the host has no function there any more' "$(cat $STATE/err)"
  echo 1 > /sys/bus/pci/rescan
  runs pcibackflow pci-attach g2 $PORT_E1000E
  guest_does g2 'has 1; modprobe e1000e; pings 0000:00:00.0'
  guest_destroy g2
  nothing_leaked
}

The_functions_of_one_device_keep_their_numbers() {
  held $MULTI_0 $MULTI_1
  guest_start g1
  for device in $E1000E $MULTI_0 $MULTI_1; do runs pcibackflow pci-attach g1 $device; done
  guest_does g1 'has 3; modprobe e1000e'
  equal "first device" 0000:00:00.0 "$(where g1 $E1000E)"
  equal "function 0" 0000:00:01.0 "$(where g1 $MULTI_0)"
  equal "function 1" 0000:00:01.1 "$(where g1 $MULTI_1)"
  guest_does g1 'pings 0000:00:01.0'
  guest_does g1 'pings 0000:00:01.1'
  guest_off g1
  nothing_leaked
}

A_slot_asked_for_is_the_slot_given() {
  guest_start g1
  runs pcibackflow pci-attach g1 "$(short $E1000)@1a"
  equal "its address in the guest" 0000:00:1a.0 "$(where g1 $E1000)"
  guest_does g1 'has 1; modprobe e1000; pings 0000:00:1a.0'
  guest_off g1
  nothing_leaked
}

A_device_without_a_driver_of_the_guest_is_there_all_the_same() {
  held $EDU $XHCI
  guest_start g1
  runs pcibackflow pci-attach g1 $EDU
  runs pcibackflow pci-attach g1 $XHCI
  guest_does g1 'has 2; lspci -nn'
  matches "edu" '1234:11e8' "$(said)"
  matches "xhci" '1b36:000d' "$(said)"
  as_foretold g1 $EDU $XHCI
  guest_destroy g1
  nothing_leaked
}

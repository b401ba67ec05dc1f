# Devices that come and go while the guest runs.

A_device_comes_to_a_running_guest() {
  serve
  held $E1000E $NVME $BRIDGE_E1000
  guest_start g1
  guest_does g1 'has 0; modprobe -a e1000e e1000 nvme'
  runs pcibackflow pci-attach g1 $E1000E
  # Attach waits until the guest has it: no waiting here.
  guest_does g1 'functions'
  equal "functions" 0000:00:00.0 "$(said)"
  guest_does g1 'pings 0000:00:00.0'
  served_by_the_binary
}

A_second_and_a_third_follow() {
  runs pcibackflow pci-attach g1 $NVME
  runs pcibackflow pci-attach g1 $BRIDGE_E1000
  guest_does g1 'has 3; keeps_data 0000:00:01.0 21 2'
  guest_does g1 'pings 0000:00:02.0'
  guest_does g1 'pings 0000:00:00.0'
}

The_first_leaves_with_its_driver_loaded_and_the_others_stay() {
  runs pcibackflow pci-detach g1 $E1000E
  guest_does g1 'functions'
  equal "functions" "0000:00:01.0 0000:00:02.0" "$(tr '\n' ' ' < $STATE/out | sed 's/ $//')"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  guest_does g1 'pings 0000:00:02.0'
  guest_does g1 'keeps_data 0000:00:01.0 22 2'
}

Its_memory_and_ports_are_the_guests_only_while_it_has_it() {
  without=$(ranges g1)
  matches "the guest's ranges" 'I/O Memory' "$without"
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 3'
  differ "the guest's ranges with it" "$without" "$(ranges g1)"
  runs pcibackflow pci-detach g1 $E1000E
  guest_does g1 'has 2'
  equal "the guest's ranges after it" "$without" "$(ranges g1)"
}

It_comes_back_into_the_free_slot() {
  runs pcibackflow pci-attach g1 $E1000E
  equal "its address in the guest" 0000:00:00.0 "$(where g1 $E1000E)"
  guest_does g1 'has 3; pings 0000:00:00.0'
}

A_busy_one_leaves_under_traffic() {
  guest_does g1 'traffic 0000:00:00.0'
  runs pcibackflow pci-detach g1 $(short $E1000E)
  guest_does g1 'has 2'
  guest_does g1 'pings 0000:00:02.0'
}

All_leave_and_one_returns() {
  runs pcibackflow pci-detach g1 $NVME
  runs pcibackflow pci-detach g1 $BRIDGE_E1000
  guest_does g1 'has 0'
  runs pcibackflow pci-list g1
  no_match "devices" '[0-9a-f]:[0-9a-f]' "$(said)"
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 1; keeps_data 0000:00:00.0 23 2'
  runs pcibackflow pci-detach g1 $NVME
  guest_does g1 'has 0'
}

A_guest_that_does_not_answer_keeps_it_until_force_is_used() { # at most 240 s
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1'
  xl pause g1
  exits 1 pcibackflow pci-detach g1 $E1000E
  matches "the reason" 'did not let go' "$(cat $STATE/err)"
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $E1000E)"
  runs pcibackflow pci-detach -f g1 $E1000E
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  # It may have the device's memory mapped still.
  exits 3 pcibackflow pci-assignable-remove $E1000E
  matches "the reason" "former-guest.*domain $(domid g1) had its memory" "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  xl unpause g1
  guest_destroy g1
  nothing_leaked
}

A_forced_device_works_in_the_next_guest() {
  guest_start g2
  runs pcibackflow pci-attach g2 $E1000E
  guest_does g2 'has 1; modprobe e1000e; pings 0000:00:00.0'
  guest_off g2
  nothing_leaked
}

A_paused_guest_has_its_device_before_its_first_instruction() {
  guest_config g3
  guest_create g3 -p
  runs pcibackflow pci-attach --no-wait g3 $E1000E
  xl unpause g3
  guest_up g3
  guest_does g3 'has 1; modprobe e1000e; pings 0000:00:00.0'
  guest_destroy g3
  nothing_leaked
}

# Every mode of interrupt, with data moving and compared, drivers reloaded, guests killed under load.

# reloads MODULE FUNCTION TIMES: the driver keeps its mode and its number of vectors.
reloads() {
  guest_does g1 "mode $2"
  local before=$(tail -1 $STATE/out) turn
  for turn in $(seq "$3"); do
    guest_does g1 "rmmod $1; modprobe $1; sleep 1; mode $2"
    equal "mode after reload $turn" "$before" "$(tail -1 $STATE/out)"
  done
}

An_e1000e_uses_several_MSI_X_vectors() {
  serve
  held $E1000E $NVME $AHCI $E1000 $XHCI $PORT_E1000E $PORT_NVME
  VCPUS=2 MEMORY=256 guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1; modprobe e1000e; pings 0000:00:00.0; mode 0000:00:00.0; counts 0000:00:00.0'
  matches "mode" '^MSI-X [3-9]' "$(said)"
  guest_does g1 'vectors_used 0000:00:00.0'
  [ "$(tail -1 $STATE/out)" -ge 2 ] || fail "only $(tail -1 $STATE/out) vector had an interrupt"
  matches "Xen's interrupts of the guest" "IRQ:.*PCI-MSI.* d$(domid g1):" "$(keys i)"
  served_by_the_binary
}

Status_shows_its_mode_and_its_pirqs() {
  guest_does g1 'mode 0000:00:00.0'
  vectors=$(tail -1 $STATE/out | cut -d' ' -f2)
  runs pcibackflow status
  matches "status" "msi-x x$vectors" "$(said)"
  runs pcibackflow status --json
  equal "pirqs" "$vectors" "$(tr -d ' \n' < $STATE/out | sed -n 's/.*"pirqs":\[\([0-9,]*\)\].*/\1/p' | tr ',' '\n' | grep -c .)"
}

Each_of_two_processors_can_take_them() {
  guest_does g1 'served_by 0000:00:00.0 1'
  guest_does g1 'served_by 0000:00:00.0 0'
}

An_e1000e_keeps_MSI_X_through_reloads() { # at most 240 s
  reloads e1000e 0000:00:00.0 5
  guest_does g1 'pings 0000:00:00.0'
}

An_nvme_with_several_queues_keeps_64_MiB() { # at most 300 s
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2; modprobe nvme; disk 0000:00:01.0; mode 0000:00:01.0'
  matches "mode" '^MSI-X [3-9]' "$(said)"
  PATIENCE=240 guest_does g1 'keeps_data 0000:00:01.0 51 64'
  guest_does g1 'counts 0000:00:01.0; vectors_used 0000:00:01.0'
  [ "$(tail -1 $STATE/out)" -ge 2 ] || fail "only $(tail -1 $STATE/out) vector had an interrupt"
}

An_nvme_keeps_MSI_X_through_reloads() { # at most 240 s
  reloads nvme 0000:00:01.0 5
  guest_does g1 'keeps_data 0000:00:01.0 52 2'
}

An_nvme_behind_a_root_port_keeps_MSI_X_and_data_as_well() { # at most 240 s
  runs pcibackflow pci-detach g1 $NVME
  runs pcibackflow pci-attach g1 $PORT_NVME
  guest_does g1 'has 2; disk 0000:00:01.0; mode 0000:00:01.0'
  matches "mode" '^MSI-X [3-9]' "$(said)"
  PATIENCE=120 guest_does g1 'keeps_data 0000:00:01.0 53 8'
  reloads nvme 0000:00:01.0 5
  runs pcibackflow pci-detach g1 $PORT_NVME
}

An_ahci_uses_MSI_and_keeps_it() { # at most 240 s
  runs pcibackflow pci-attach g1 $AHCI
  guest_does g1 'has 2; modprobe -a ahci sd_mod; keeps_data 0000:00:01.0 54 4; mode 0000:00:01.0'
  matches "mode" '^MSI [1-9]' "$(said)"
  reloads ahci 0000:00:01.0 5
  guest_does g1 'keeps_data 0000:00:01.0 55 2'
  runs pcibackflow pci-detach g1 $AHCI
}

An_e1000_uses_its_line() { # at most 240 s
  runs pcibackflow pci-attach g1 $E1000
  guest_does g1 'has 2; modprobe e1000; pings 0000:00:01.0; mode 0000:00:01.0; interrupts 0000:00:01.0'
  matches "mode" '^INTx' "$(said)"
  differ "interrupts" 0 "$(tail -1 $STATE/out)"
  reloads e1000 0000:00:01.0 5
  guest_does g1 'pings 0000:00:01.0'
  runs pcibackflow pci-detach g1 $E1000
}

A_USB_controller_uses_MSI_X_and_its_disk_keeps_data() { # at most 300 s
  runs pcibackflow pci-attach g1 $XHCI
  PATIENCE=120 guest_does g1 'has 2; modprobe -a xhci-pci usb-storage sd_mod; keeps_data 0000:00:01.0 56 2; mode 0000:00:01.0'
  matches "mode" '^MSI-X [1-9]' "$(said)"
  reloads xhci-pci 0000:00:01.0 5
  PATIENCE=120 guest_does g1 'keeps_data 0000:00:01.0 58 2'
  runs pcibackflow pci-detach g1 $XHCI
}

Two_guests_use_MSI_X_at_once() {
  guest_start g2
  runs pcibackflow pci-attach g2 $PORT_E1000E
  guest_does g2 'has 1; modprobe e1000e; traffic 0000:00:00.0; mode 0000:00:00.0'
  matches "mode" '^MSI-X' "$(said)"
  guest_does g1 'traffic 0000:00:00.0'
  guest_does g2 'from=$(interrupts 0000:00:00.0); sleep 2; to=$(interrupts 0000:00:00.0); echo $from $to; [ $to -gt $from ]'
  guest_does g1 'from=$(interrupts 0000:00:00.0); sleep 2; to=$(interrupts 0000:00:00.0); echo $from $to; [ $to -gt $from ]'
}

Guests_destroyed_under_traffic_leave_no_interrupt_mapped() {
  one=$(domid g1) two=$(domid g2)
  guest_destroy g1
  guest_destroy g2
  no_match "Xen's interrupts" " d($one|$two):" "$(keys iM)"
  nothing_leaked
}

The_next_guest_gets_MSI_X_again() {
  guest_start g3
  runs pcibackflow pci-attach g3 $E1000E
  runs pcibackflow pci-attach g3 $NVME
  guest_does g3 'has 2; modprobe -a e1000e nvme; pings 0000:00:00.0; mode 0000:00:00.0'
  matches "mode" '^MSI-X' "$(said)"
  guest_does g3 'keeps_data 0000:00:01.0 57 2; mode 0000:00:01.0'
  matches "mode" '^MSI-X' "$(said)"
}

A_guest_that_powers_off_with_vectors_enabled_leaves_nothing() {
  guest_off g3
  nothing_leaked
}

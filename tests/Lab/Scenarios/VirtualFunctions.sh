# SR-IOV. The host's driver keeps the physical function; each virtual function is a device of its own.
PF=0000:04:00.0 VF_1=0000:04:00.1 VF_2=0000:04:00.2

# controls ARGUMENT...: a command to the controller that must succeed.
controls() { runs nvme virt-mgmt "/dev/$controller" "$@"; }

The_host_makes_two_virtual_functions() {
  modprobe nvme
  within 20 test -e /sys/bus/pci/devices/$PF/nvme || fail "no driver at $PF"
  controller=$(ls /sys/bus/pci/devices/$PF/nvme)
  # The physical function gives back its movable queues and vectors and starts again without them.
  controls -c 0 -r 0 -a 1 -n 0
  controls -c 0 -r 1 -a 1 -n 0
  runs nvme reset /dev/$controller
  # Xen counts a function's MSI-X entries when it appears: they are moved before that.
  for secondary in 1 2; do
    controls -c $secondary -r 0 -a 8 -n 3
    controls -c $secondary -r 1 -a 8 -n 3
  done
  echo 0 > /sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
  echo 2 > /sys/bus/pci/devices/$PF/sriov_numvfs
  for secondary in 1 2; do controls -c $secondary -a 9; done
  lspci -vv -s $VF_1
  # A virtual function's own identity registers read as nothing: its identity is the kernel's to tell (PCI Express 5.0, 9.3.4.1).
  equal "driver of a virtual function" "" "$(driver_of $VF_1 | grep -x nvme || true)"
  # The host's driver has interrupts of its own by now.
  xen_state > $STATE/baseline
}

The_physical_function_is_refused_because_its_virtual_functions_would_vanish() {
  serve
  exits 3 pcibackflow pci-assignable-add $PF
  matches "the reason" 'has 2 virtual functions, which vanish with its driver' "$(cat $STATE/err)"
  equal "driver" nvme "$(driver_of $PF)"
}

A_virtual_function_whose_physical_one_is_switched_off_is_refused() {
  setpci -s $PF COMMAND=0:2
  try pcibackflow pci-assignable-add $VF_1 && switched_off=0 || switched_off=$?
  setpci -s $PF COMMAND=2:2
  equal "exit code" 1 $switched_off
  matches "the reason" "its physical function $PF does not decode memory" "$(cat $STATE/err)"
}

A_virtual_function_becomes_assignable() {
  held $VF_1 $VF_2
  runs pcibackflow devices
  served_by_the_binary
}

The_physical_function_is_refused_while_its_virtual_functions_are_held() {
  exits 1 pcibackflow pci-assignable-add $PF
  matches "the reason" 'virtual function 0000:04:00\.1' "$(cat $STATE/err)"
  equal "driver" nvme "$(driver_of $PF)"
}

A_guest_uses_it_with_several_vectors() { # at most 180 s
  MEMORY=256 guest_start g1
  runs pcibackflow pci-attach g1 $VF_1
  guest_does g1 'has 1'
  as_foretold g1 $VF_1
  guest_does g1 'lspci -nn; lspci -vv; modprobe nvme; disk $(at 1b36:0010); mode $(at 1b36:0010)'
  matches "its identity in the guest" "$(ids $VF_1)" "$(said)"
  matches "mode" '^MSI-X [2-9]' "$(said)"
  guest_does g1 'keeps_data $(at 1b36:0010) 61 8; counts $(at 1b36:0010)'
  matches "Xen's interrupts of the guest" "IRQ:.*PCI-MSI.* d$(domid g1):" "$(keys i)"
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $VF_1)"
}

It_keeps_MSI_X_through_reloads() { # at most 240 s
  guest_does g1 'mode $(at 1b36:0010)'
  before=$(tail -1 $STATE/out)
  for turn in 1 2 3 4 5; do
    guest_does g1 'rmmod nvme; modprobe nvme; disk $(at 1b36:0010); mode $(at 1b36:0010)'
    equal "mode after reload $turn" "$before" "$(tail -1 $STATE/out)"
  done
  guest_does g1 'keeps_data $(at 1b36:0010) 62 2'
}

Another_guest_uses_its_sibling_at_once() { # at most 180 s
  guest_start g2
  runs pcibackflow pci-attach g2 $VF_2
  guest_does g2 'has 1; modprobe nvme; disk $(at 1b36:0010); mode $(at 1b36:0010)'
  matches "mode" '^MSI-X [2-9]' "$(said)"
  # Both have the same namespace: each reads what the first wrote.
  guest_does g2 'dd if=/dev/nvme0n1 bs=128k count=16 2> /dev/null | sha256sum'
  second=$(cut -d' ' -f1 $STATE/out)
  guest_does g1 'dd if=/dev/nvme0n1 bs=128k count=16 2> /dev/null | sha256sum'
  equal "what both read" "$(cut -d' ' -f1 $STATE/out)" "$second"
  equal "Xen's owner of it" "d$(domid g2)" "$(owner $VF_2)"
  equal "Xen's owner of the physical function" host "$(owner $PF)"
}

The_end_of_a_guest_leaves_its_sibling_and_the_host_working() {
  guest_destroy g1
  guest_does g2 'keeps_data $(at 1b36:0010) 63 2'
  controller=$(ls /sys/bus/pci/devices/$PF/nvme)
  block=$(ls /sys/bus/pci/devices/$PF/nvme/$controller | grep -E 'nvme[0-9]+(c[0-9]+)?n1' | head -1)
  note "the host's own: $controller $block"
  runs nvme id-ctrl /dev/$controller
  guest_off g2
  nothing_leaked
}

It_works_in_the_next_guest() { # at most 180 s
  guest_start g3
  runs pcibackflow pci-attach g3 $VF_1
  guest_does g3 'has 1; modprobe nvme; keeps_data $(at 1b36:0010) 64 2; mode $(at 1b36:0010)'
  matches "mode" '^MSI-X [2-9]' "$(said)"
  guest_destroy g3
  nothing_leaked
}

Both_go_back_to_the_host() {
  for device in $VF_1 $VF_2; do
    runs pcibackflow pci-assignable-remove $device
    equal "Xen's owner of it" host "$(owner $device)"
  done
  nothing_leaked
  echo 0 > /sys/bus/pci/devices/$PF/sriov_numvfs
  [ ! -e /sys/bus/pci/devices/$VF_1 ] || fail "$VF_1 is still there"
}

# Without that its kernel looks for base addresses of virtual functions, which nobody can make for it.
The_guest_of_a_physical_function_sees_nothing_of_virtual_ones() { # at most 180 s
  held $PF
  guest_start g4
  runs pcibackflow pci-attach g4 $PF
  guest_does g4 'has 1; lspci -vv'
  no_match "its capabilities" 'SR-IOV|Alternative Routing' "$(said)"
  no_match "what its kernel says" 'VF\(n\)|VF BAR' "$(cat "$(console g4)")"
  guest_off g4
  runs pcibackflow pci-assignable-remove $PF
  equal "Xen's owner of it" host "$(owner $PF)"
}

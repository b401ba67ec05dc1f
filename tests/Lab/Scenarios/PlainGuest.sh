# The lab itself: hypervisor, dom0, toolstack, a guest without devices.

The_hypervisor_has_an_IOMMU_with_interrupt_remapping() {
  matches "xl info" 'virt_caps.*pv_directio' "$(xl info)"
  grep -q 'Interrupt remapping enabled' $STATE/xen-boot.log || fail "Xen did not enable interrupt remapping"
}

The_standard_machine_is_there() {
  for function in $E1000E $NVME $EDU $XHCI $E1000 $AHCI $PORT $PORT_E1000E $PORT_NVME $BRIDGE $BRIDGE_E1000 $MULTI_0 $MULTI_1; do
    [ -e /sys/bus/pci/devices/$function ] || fail "no $function"
  done
  equal "e1000e" 8086:10d3 "$(ids $E1000E)"
  equal "nvme" 1b36:0010 "$(ids $NVME)"
}

No_kernel_backend_is_loaded() {
  no_match "modules" '^xen_pciback' "$(lsmod)"
}

A_guest_without_devices_boots_and_does_as_told() {
  guest_start plain
  guest_does plain 'uname -r; functions'
  matches "the guest's answer" '^[0-9]+\.[0-9]+' "$(cat $STATE/out)"
  guest_fails plain 'false'
}

It_powers_off_and_leaves_nothing() {
  guest_off plain
  nothing_leaked
}

A_destroyed_guest_leaves_nothing() {
  guest_start plain
  guest_destroy plain
  nothing_leaked
}

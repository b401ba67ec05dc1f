# Xen uses no IOMMU: as with xl, no guest gets a device. A person may set one aside all the same.

Without_an_iommu_a_device_is_refused() {
  serve
  served_by_the_binary
  modprobe e1000e
  exits 3 pcibackflow pci-assignable-add $E1000E
  matches "the reason" 'Xen uses no IOMMU' "$(cat $STATE/err)"
  equal "driver" e1000e "$(driver_of $E1000E)"
  # The host's drivers have interrupts of their own by now.
  xen_state > $STATE/baseline
}

Whoever_insists_is_warned_and_gets_it() {
  runs pcibackflow pci-assignable-add --force $E1000E
  matches "what it is warned of" 'Xen uses no IOMMU' "$(cat $STATE/err)"
  runs pcibackflow pci-assignable-list
  matches "assignable devices" "$E1000E" "$(said)"
}

No_guest_gets_it() {
  PASSTHROUGH=disabled guest_start g1
  exits 3 pcibackflow pci-attach g1 $E1000E
  matches "the reason" 'Xen uses no IOMMU' "$(cat $STATE/err)"
  matches "the remedy" 'boot Xen with iommu=on' "$(cat $STATE/err)"
  guest_does g1 'has 0'
  guest_destroy g1
  runs pcibackflow pci-assignable-remove -r $E1000E
  equal "driver" e1000e "$(driver_of $E1000E)"
  nothing_leaked
}

# Xen uses the IOMMU, but not to remap interrupts: a person has to insist when a device is taken, and guests use it then.

Xen_says_that_it_does_not_remap_interrupts() {
  matches "xl info" 'virt_caps.*pv_directio' "$(xl info)"
  grep -q 'Interrupt remapping disabled' $STATE/xen-boot.log || fail "Xen remaps interrupts"
}

Without_interrupt_remapping_a_device_is_refused() {
  serve
  served_by_the_binary
  exits 3 pcibackflow pci-assignable-add $E1000E
  matches "the reason" 'Xen does not remap interrupts' "$(cat $STATE/err)"
  matches "the remedy" 'boot Xen without iommu=no-intremap' "$(cat $STATE/err)"
  equal "Xen's owner of it" host "$(owner $E1000E)"
}

Whoever_insists_is_warned_and_gets_it() {
  runs pcibackflow pci-assignable-add --force $E1000E
  matches "what it is warned of" 'Xen does not remap interrupts' "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
}

A_guest_uses_it_then() {
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  guest_destroy g1
  nothing_leaked
}

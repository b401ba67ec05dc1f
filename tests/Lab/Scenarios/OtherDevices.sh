# Devices that no other scenario has, in a guest with four processors.
VMXNET3=0000:00:10.0 RTL8139=0000:00:11.0 I82559=0000:00:12.0 VIRTIO_NET=0000:00:13.0 VIRTIO_BLK=0000:00:14.0
RAID=0000:00:15.0 PVSCSI=0000:00:16.0 SWITCH_NVME=0000:06:00.0 USB=0000:00:18 LARGE=0000:00:19.0

# works BDF MODULES TEST MODE: in the guest, by its driver, with this kind of interrupt; and not in the guest afterwards.
works() {
  # What a case that failed left in the guest is not the next one's.
  for left in $(pcibackflow pci-list g1 | awk 'NR > 1 { print $2 }'); do pcibackflow pci-detach -f g1 $left; done
  held $1
  runs pcibackflow pci-attach g1 $1
  guest_does g1 "has 1; modprobe -a $2"
  local at=$(where g1 $1)
  PATIENCE=90 guest_does g1 "$(echo "$3" | sed "s/@/$at/"); mode $at; interrupts $at"
  matches "mode" "^$4" "$(said)"
  differ "interrupts" 0 "$(tail -1 $STATE/out)"
  runs pcibackflow pci-detach g1 $1
  guest_does g1 'has 0'
  equal "Xen's owner of it" quarantine "$(owner $1)"
}

A_guest_with_four_processors_is_up() {
  serve
  VCPUS=4 MEMORY=384 guest_start g1
  guest_does g1 'grep -c ^processor /proc/cpuinfo'
  equal "processors" 4 "$(said)"
}

# unused FUNCTION...: the host lets go of them. Where virtio's driver is built into its kernel they are bound from the start, and listen on lines of the others.
unused() {
  for function; do [ ! -e /sys/bus/pci/devices/$function/driver ] || echo $function > /sys/bus/pci/devices/$function/driver/unbind; done
}

A_vmxnet3_works() {
  unused $VIRTIO_NET $VIRTIO_BLK
  works $VMXNET3 vmxnet3 'pings @' 'MSI-X [2-9]'
}
An_rtl8139_works() { works $RTL8139 8139cp 'pings @' 'INTx'; }
An_i82559_works() { works $I82559 e100 'pings @' 'INTx'; }
A_virtio_network_function_works() { works $VIRTIO_NET 'virtio_pci virtio_net' 'pings @' 'MSI-X [2-9]'; }
A_virtio_disk_works() { works $VIRTIO_BLK 'virtio_pci virtio_blk' 'keeps_data @ 71 4' 'MSI-X [2-9]'; }
A_RAID_controller_works() { works $RAID 'megaraid_sas sd_mod' 'keeps_data @ 72 4' 'MSI-X'; }
A_paravirtual_SCSI_controller_works() { works $PVSCSI 'vmw_pvscsi sd_mod' 'keeps_data @ 73 4' 'MSI [1-9]'; }
An_nvme_behind_a_switch_works() { works $SWITCH_NVME nvme 'keeps_data @ 74 4' 'MSI-X [2-9]'; }

The_four_functions_of_a_USB_2_controller_work_together() { # at most 180 s
  for number in 0 1 2 7; do held $USB.$number; done
  for number in 0 1 2 7; do runs pcibackflow pci-attach g1 $USB.$number; done
  PATIENCE=120 guest_does g1 'has 4; functions; modprobe -a ehci-pci uhci-hcd usb-storage sd_mod; keeps_data 0000:00:00.7 75 2; mode 0000:00:00.7'
  matches "mode" '^INTx' "$(said)"
  runs pcibackflow pci-list g1
  for number in 0 1 2 7; do runs pcibackflow pci-detach g1 $USB.$number; done
  guest_does g1 'has 0'
}

A_large_memory_region_is_all_the_guests() {
  held $LARGE
  without=$(ranges g1)
  runs pcibackflow pci-attach g1 $LARGE
  guest_does g1 'has 1; sed -n 3p /sys/bus/pci/devices/0000:00:00.0/resource'
  first=$(tail -1 $STATE/out | cut -d' ' -f1) last=$(tail -1 $STATE/out | cut -d' ' -f2)
  equal "its length" $((256 * 1024 * 1024)) $((last - first + 1))
  guest_does g1 "echo 1 > /sys/bus/pci/devices/0000:00:00.0/enable; busybox devmem $first 32 0x600df00d; busybox devmem $(printf '0x%x' $((last - 3))) 32 0xc0ffee; busybox devmem $first; busybox devmem $(printf '0x%x' $((last - 3)))"
  equal "what lies at its ends" "0x600DF00D 0x00C0FFEE" "$(tail -2 $STATE/out | tr '\n' ' ' | sed 's/ $//')"
  differ "the guest's ranges with it" "$without" "$(ranges g1)"
  runs pcibackflow pci-detach g1 $LARGE
  guest_does g1 'has 0'
  equal "the guest's ranges after it" "$without" "$(ranges g1)"
}

Nothing_is_left_of_any_of_them() {
  guest_destroy g1
  nothing_leaked
  served_by_the_binary
}

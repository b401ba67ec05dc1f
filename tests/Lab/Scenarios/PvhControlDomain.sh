# Dom0 runs in PVH mode: the daemon refuses to serve, says why, and leaves no trace.

The_control_domain_is_pvh() {
  equal "the kernel's own word" PVH "$(cat /sys/hypervisor/guest_type)"
  matches "what dom0 has of Xen" 'control_d' "$(cat /proc/xen/capabilities)"
}

The_daemon_refuses_with_the_reason_and_the_remedy() {
  exits 3 pcibackflow serve
  matches "the reason" 'this control domain is PVH' "$(cat $STATE/err)"
  matches "the remedy" 'dom0=pv' "$(cat $STATE/err)"
  no_match "what it printed" '^ready' "$(cat $STATE/out)"
  nothing_leaked
}

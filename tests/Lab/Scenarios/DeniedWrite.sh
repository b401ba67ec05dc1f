# A write that policy denies is seen in the trace, becomes a rule, is put in force by a reload under a guest that does not notice, and is seen to pass.
CONFIGURATION=/etc/pcibackflow/pcibackflow.json
RULES=/etc/pcibackflow/nic.json

# What a driver writes that turns the reporting of errors on (Device Control bits 3:0), by the way of a driver: one access of two bytes.
reporting_on() {
  guest_does g1 'echo -ne "\x'$(cat $STATE/low)'\x'$(cat $STATE/high)'" | dd of=/sys/bus/pci/devices/0000:00:00.0/config bs=2 count=1 seek='$(($(cat $STATE/control) / 2))' conv=notrunc'
}

# traced FILE OPTIONS...: writes a trace with one request in it, beside what follows.
traced() {
  traced_to=$1
  shift
  rm -f "$traced_to"
  timeout 60 pcibackflow trace --count 1 --save "$traced_to" "$@" > /dev/null 2> $STATE/trace.err &
  # Its header comes when the daemon traces.
  within 20 test -s "$traced_to" || fail "no trace: $(cat $STATE/trace.err)"
}
trace_over() { grep -q 'requests saved' $STATE/trace.err; }

A_guest_has_a_device_under_a_policy_of_its_own() {
  mkdir -p ${CONFIGURATION%/*}
  echo '[]' > $RULES
  echo '{ "devices": { "'$E1000E'": { "policy": "'${RULES##*/}'" } } }' > $CONFIGURATION
  serve
  served_by_the_binary
  held $E1000E
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1; modprobe e1000e; pings 0000:00:00.0'
  lspci -xxxx -s $E1000E | bytes > $STATE/host
  express=$(capability_at $STATE/host 10)
  differ "PCI Express capability" 0 "$express"
  echo $((express + 8)) > $STATE/control
  printf '%02x' $((0x$(byte_at $STATE/host $((express + 8))) | 0x0f)) > $STATE/low
  byte_at $STATE/host $((express + 9)) > $STATE/high
  equal "reporting of errors, which is the host's" 0 "$((0x$(byte_at $STATE/host $((express + 8))) & 0x0f))"
}

A_write_that_is_denied_is_seen_in_the_trace() {
  traced $STATE/denied.trace --denied --device $E1000E
  reporting_on
  within 20 trace_over || fail "nothing denied was seen"
  runs pcibackflow trace --from $STATE/denied.trace
  matches "the trace" "d$(domid g1) $E1000E write .*\(PCIe Device Control\) -> success; denied 0x000f, allowed by .*\"mask\":\"0x000f\"" "$(said)"
  lspci -xxxx -s $E1000E | bytes > $STATE/now
  equal "the register" "$(byte_at $STATE/host $(cat $STATE/control))" "$(byte_at $STATE/now $(cat $STATE/control))"
  runs pcibackflow status
  matches "what status says of it" "$E1000E +PCIe Device Control +0x000f" "$(said)"
}

Learn_makes_it_a_rule_and_a_reload_puts_it_in_force_under_the_guest() {
  runs pcibackflow learn --trace $STATE/denied.trace
  cat $STATE/out > $RULES
  matches "the rule" '"register": "PCIe Device Control"' "$(cat $RULES)"
  serve_is=$(cat $STATE/serve.pid)
  runs pcibackflow reload
  matches "what the reload says" "under another policy now: $E1000E" "$(said)"
  equal "the daemon" "$serve_is" "$(cat $STATE/serve.pid)"
  runs pcibackflow status
  matches "the policy that holds" "rules 1 +policy file $RULES" "$(said)"
  guest_does g1 'has 1; pings 0000:00:00.0'
}

# The emulator's e1000e keeps nothing in these bits, so what reached it is told by the trace.
The_same_write_of_the_same_guest_passes() {
  traced $STATE/write.trace --operation write --device $E1000E
  reporting_on
  within 20 trace_over || fail "no write was seen"
  runs pcibackflow trace --from $STATE/write.trace
  matches "the trace" "d$(domid g1) $E1000E write .*\(PCIe Device Control\) -> success; .*hardware .*write [0-9a-f]+\.b=0f" "$(said)"
  no_match "the trace" 'denied' "$(said)"
  guest_does g1 'pings 0000:00:00.0'
}

A_signal_reloads_as_well() {
  echo '[]' > $RULES
  kill -HUP "$(cat $STATE/serve.pid)"
  without_rules() { ! pcibackflow status --json | grep -q '"key": "rules"'; }
  within 20 without_rules || fail "the rule holds on: $(tail -3 /var/log/lab/serve.log | tr '\n' ' ')"
  daemon_alive || fail "the signal has ended serve"
  guest_does g1 'pings 0000:00:00.0'
}

What_was_traced_is_answered_again_as_it_was() {
  runs pcibackflow learn --daemon $E1000E
  matches "what was denied" '"register": "PCIe Device Control"' "$(said)"
  guest_destroy g1
  rm -r $CONFIGURATION $RULES
  nothing_leaked
}

# Words of the scenarios that compare the config path of three backends: Linux's xen-pciback (kernel), the C loop of Perf/Yardstick/xen.c (c), this daemon
# (ours). In each round a guest of its own for each of them, one after the other. A step that does not work fails the case, a time never does.
value_of() { tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p"; }
ROUNDS=$(value_of lab.guests) COUNT=$(value_of lab.count) SPIN=$(value_of lab.spin)
SIDES="kernel c ours"

# figure SIDE WHAT UNIT VALUE
figure() { report "FIGURE $*"; }

# --- a backend: begin_SIDE until end_SIDE it serves; give SIDE GUEST BDF

begin() {
  case $1 in
    kernel)
      modprobe xen-pciback
      for device in $DEVICES; do runs xl pci-assignable-add $device; done ;;
    c) ;;
    ours)
      serve --spin $SPIN
      held $DEVICES ;;
  esac
}

end() {
  case $1 in
    kernel)
      for device in $DEVICES; do runs xl pci-assignable-remove $device; done
      rmmod xen-pciback ;;
    c) ;;
    ours)
      served_by_the_binary
      for device in $DEVICES; do runs pcibackflow pci-assignable-remove $device; done
      serve_stop ;;
  esac
}

give() {
  case $1 in
    kernel) runs xl pci-attach $2 $3 ;;
    c)
      yardstick --guest "$(domid $2)" --device $3 --spin $SPIN > $STATE/yardstick.log 2>&1 &
      echo $! > $STATE/yardstick.pid
      within 30 grep -qx ready $STATE/yardstick.log || fail "the C loop is not ready: $(tail -2 $STATE/yardstick.log)" ;;
    ours) runs pcibackflow pci-attach $2 $3 ;;
  esac
}

# leave SIDE GUEST: the guest is destroyed, and nothing of it is left.
leave() {
  leave_domain=$(domid $2)
  guest_destroy $2
  [ $1 != c ] || { kill "$(cat $STATE/yardstick.pid)"; within 20 grep -q '^served' $STATE/yardstick.log || fail "the C loop does not end: $(tail -2 $STATE/yardstick.log)"; cat $STATE/yardstick.log; }
  within 30 nodes_gone $leave_domain || fail "nodes of domain $leave_domain are left"
}
nodes_gone() { ! xenstore-exists /local/domain/0/backend/pci/$1/0 2> /dev/null; }

# process_of SIDE: whose threads serve; none with the kernel's backend.
process_of() { case $1 in c) cat $STATE/yardstick.pid ;; ours) cat $STATE/serve.pid ;; esac; }

# --- what is measured, in the guest g1 at $CONFIG

# reads AGE WARMUP: the samples stay in the guest.
reads() {
  PATIENCE=300 guest_does g1 "configread samples $CONFIG 0 4 $COUNT $2 /tmp/memory,$1"
  PATIENCE=300 guest_does g1 "configread samples $CONFIG 4 4 $COUNT $2 /tmp/bus,$1"
}

# keep SIDE ROUND: all samples of the guest are reported.
keep() {
  for kept in memory,cold bus,cold memory,quiet bus,quiet; do
    PATIENCE=120 in_guest g1 "awk '{ printf \"%s%s\", \$1, NR % 100 ? \" \" : \"\\n\" }' /tmp/$kept" > $STATE/samples
    equal "samples of $kept" $COUNT "$(wc -w < $STATE/samples)"
    while read -r line; do report "SAMPLES $1 $kept $2 $line"; done < $STATE/samples
  done
}

# busy SECONDS: microseconds of dom0's processor that were not idle in each second of them.
busy() {
  read -r up_from idle_from < /proc/uptime
  sleep $1
  read -r up_to idle_to < /proc/uptime
  awk -v a=$up_from -v b=$up_to -v c=$idle_from -v d=$idle_to 'BEGIN { printf "%.0f", 1e6 * (1 - (d - c) / (b - a)) }'
}

# switches PID: how often each of its threads has waited, and how often it has had to make room or made room, since its start: NAME/THREAD WAITED ROOM
switches() {
  for switches_thread in /proc/$1/task/*; do
    awk -v thread="$(tr ' ' '_' < $switches_thread/comm)/${switches_thread##*/}" '/^voluntary/ { waited = $2 } /^nonvoluntary/ { print thread, waited, $2 }' $switches_thread/status
  done
}

# quiet SIDE: twenty seconds in which nobody asks anything. What wakes its threads in ten of them is counted: each waiting that ended.
quiet() {
  sleep 2
  quiet_busy=$(busy 3)
  sleep 5
  quiet_process=$(process_of $1)
  [ -n "$quiet_process" ] || { sleep 10; return 0; }
  switches $quiet_process > $STATE/switches.from
  sleep 10
  switches $quiet_process > $STATE/switches.to
  awk 'FNR == NR { waited[$1] = $2; room[$1] = $3; next } $2 != waited[$1] || $3 != room[$1] { print "-- in ten seconds:", $1, $2 - waited[$1], $3 - room[$1] }' $STATE/switches.from $STATE/switches.to
  figure $1 wakeups_idle /s "$(awk 'FNR == NR { waited[$1] = $2; next } { sum += $2 - waited[$1] } END { printf "%.1f", sum / 10 }' $STATE/switches.from $STATE/switches.to)"
}

# work SIDE: what a request takes of dom0's processor, less what dom0 takes when nothing is asked.
work() {
  guest_does g1 "configread rate $CONFIG 0 4 4 > /tmp/rate &"
  sleep 0.5
  work_busy=$(busy 2)
  PATIENCE=120 guest_does g1 'sleep 3; cat /tmp/rate'
  figure $1 processor_time µs "$(awk -v all=$work_busy -v idle=$quiet_busy '/^rate/ { printf "%.2f", (all - idle) / $2 }' $STATE/out)"
}

# calls SIDE WHAT: system calls of a request, of the thread that answers: each answer has one ioctl, the notification, so those are the requests. What other
# threads do meanwhile is only in the log.
calls() {
  calls_process=$(process_of $1)
  [ -n "$calls_process" ] || return 0
  calls_event=/sys/kernel/tracing/events/raw_syscalls/sys_enter
  guest_does g1 "configread rate $CONFIG 0 4 3 > /tmp/rate &"
  sleep 0.5
  # Opened for writing from its beginning, the file loses what it had.
  echo 'hist:key=common_pid,id:size=4096' > $calls_event/trigger
  sleep 1
  cat $calls_event/hist > $STATE/calls
  : > $calls_event/trigger
  PATIENCE=120 guest_does g1 'sleep 3; cat /tmp/rate'
  for calls_thread in /proc/$calls_process/task/*; do
    awk -v thread=${calls_thread##*/} '{ gsub(/[{},:]/, " ") } $1 == "common_pid" && $2 == thread && $3 == "id" { print thread, $4, $6 }' $STATE/calls
  done > $STATE/calls.mine
  note "calls by thread and number: $(tr '\n' ';' < $STATE/calls.mine)"
  # Without one there is no figure, which fails the comparison and not the measurements behind it. 16 is ioctl on x86-64.
  calls_each=$(awk '{ all[$1] += $3 } $2 == 16 { requests[$1] += $3 } END { for (one in requests) if (requests[one] > most) { most = requests[one]; each = all[one] / most } if (most) printf "%.3f", each }' $STATE/calls.mine)
  if [ -z "$calls_each" ]; then note "no system call was counted: $(head -12 $STATE/calls | tr '\n' '~')"; return 0; fi
  figure $1 "$2" calls $calls_each
}

listing() {
  for time in 1 2 3; do
    PATIENCE=120 guest_does g1 'configread time lspci -vvv > /tmp/listing'
    figure $1 listing ms "$(sed -n 's/^took //p' $STATE/out | awk '{ printf "%.3f", $1 / 1e6 }')"
  done
}

# load SIDE BDF DRIVER WHAT: a driver's module, from the command until it is bound to its function.
load() {
  load_at=$(where g1 $2)
  PATIENCE=120 guest_does g1 "configread time modprobe $3; test \"\$(driver $load_at)\" = $3"
  figure $1 "$4" ms "$(sed -n 's/^took //p' $STATE/out | awk '{ printf "%.3f", $1 / 1e6 }')"
}

# turn SIDE ROUND [DRIVERS]
turn() {
  begin $1
  guest_start g1
  give $1 g1 $E1000E
  guest_does g1 'has 1'
  CONFIG=/sys/bus/pci/devices/$(where g1 $E1000E)/config
  reads cold 0
  quiet $1
  reads quiet 200
  work $1
  calls $1 calls_cold
  listing $1
  keep $1 $2
  if [ -n "${3:-}" ] && [ $1 != c ]; then
    load $1 $E1000E e1000e load_e1000e
    give $1 g1 $NVME
    guest_does g1 'has 2'
    load $1 $NVME nvme load_nvme
  fi
  leave $1 g1
  end $1
}

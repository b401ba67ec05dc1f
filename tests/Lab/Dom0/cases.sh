# Runs every case of the scenario in turn, each in a session of its own, and reports each by name.
# A case is a function whose name begins with a capital letter.
. /lab/lab.sh

report "PROOF binary $(sha256sum /usr/bin/pcibackflow 2>/dev/null | cut -d' ' -f1)"
report "PROOF modules $(lsmod | awk 'NR > 1 { printf "%s ", $1 }')"
lsmod
xl info
xl dmesg > $STATE/xen-boot.log
lspci -nn
xen_state > $STATE/baseline
report "BOOT ready"

for case in $(sed -n 's/^\([A-Z][A-Za-z0-9_]*\)() *{.*$/\1/p' /lab/scenario.sh); do
  report "CASE $case begin"
  rm -f $STATE/verdict $STATE/reason
  limit=$(sed -n "s/^$case() *{.*# *at most \([0-9]*\) s.*/\1/p" /lab/scenario.sh)
  setsid sh /lab/case.sh "$case" &
  session=$!
  limit=$((${limit:-120} * ${SLOWNESS:-1}))
  left=$((limit * 5))
  while [ ! -e $STATE/verdict ] && [ -d /proc/$session ] && [ $left -gt 0 ]; do nap; left=$((left - 1)); done
  if [ ! -e $STATE/verdict ]; then
    if [ $left = 0 ]; then
      situation 2>&1
      kill -9 -$session
      echo "FAILED not done after $limit s" > $STATE/verdict
    else
      sleep 1
      [ -e $STATE/verdict ] || echo "FAILED the case was killed" > $STATE/verdict
    fi
  fi
  wait $session
  grep -q '^FAILED not done' $STATE/verdict || grep -qx ok $STATE/verdict || situation 2>&1
  report "CASE $case $(head -1 $STATE/verdict)"
done
report "BOOT done"

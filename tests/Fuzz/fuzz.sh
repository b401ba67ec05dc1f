#!/usr/bin/env bash
# Fuzzes one target for a while, coverage-guided, on the JIT: builds, instruments a copy of the product's assemblies, runs AFL++, adds what is worth keeping to
# the corpus and makes that small again. Prints executions, paths and crashes; fails if there is a crash.
#
#   tests/Fuzz/fuzz.sh TARGET [SECONDS]     TARGET: page store spec policy journal dump control capabilities; SECONDS: 120 unless said
#
# Needs AFL++ (Debian: apt install afl++) and SharpFuzz's tool, of the version in .config/dotnet-tools.json (dotnet tool restore, which this does).
set -euo pipefail
target=${1:?which target? page store spec policy journal dump control capabilities} seconds=${2:-120}
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is missing: apt install afl++"; exit 2; }
work=${PCIBACKFLOW_FUZZ:-artifacts/fuzz}/$target
rm -rf "$work"; mkdir -p "$work/seeds"

# A copy, because what is instrumented must not be what other tests run. The targets themselves are not: their paths are of no interest.
dotnet tool restore >/dev/null
dotnet build tests/Fuzz/Driver -c Release --nologo -v q -p:RunAnalyzersDuringBuild=false
cp -r tests/Fuzz/Driver/bin/Release/net10.0 "$work/bin"
for assembly in Pci Filter Pipeline Stages Hardware Backend; do
  dotnet sharpfuzz "$work/bin/PciBackFlow.$assembly.dll" >/dev/null
done
driver="$work/bin/PciBackFlow.Fuzz.Driver"

"$driver" seeds "$target" "$work/seeds"
cp tests/Fuzz/Corpus/"$target"/* "$work/seeds" 2>/dev/null || true

# No map of AFL's own to find in a .NET program, no core pattern or frequency to be changed on somebody's machine; a run is seconds, so nothing is trimmed for long.
export AFL_SKIP_BIN_CHECK=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_FAST_CAL=1 AFL_MAP_SIZE=65536
afl-fuzz -i "$work/seeds" -o "$work/out" -V "$seconds" -t 5000 -m none -- "$driver" run "$target" >"$work/afl.log" 2>&1 \
  || { echo "afl-fuzz failed:"; tail -20 "$work/afl.log"; exit 1; }

# Everything it kept, and what was there before; what fails is left out of the corpus.
"$driver" minimise "$target" "$work/seeds" "$work/out/default/queue" "$work/corpus" || true
if [ -d "$work/corpus" ]; then
  rm -rf tests/Fuzz/Corpus/"$target"; cp -r "$work/corpus" tests/Fuzz/Corpus/"$target"
fi

stat() { sed -n "s/^$1 *: *//p" "$work/out/default/fuzzer_stats"; }
echo "$target: $(stat execs_done) executions in $(stat run_time) s, $(stat corpus_count) paths, $(stat saved_crashes) crashes, $(stat saved_hangs) hangs;" \
  "corpus $(find tests/Fuzz/Corpus/"$target" -type f | wc -l) files, $(du -cb tests/Fuzz/Corpus/"$target"/* | tail -1 | cut -f1) bytes"
[ "$(stat saved_crashes)" = 0 ] || { "$driver" try "$target" "$work"/out/default/crashes/id*; exit 1; }

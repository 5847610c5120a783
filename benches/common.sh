# shellcheck shell=bash
# What `run` and `verify` share: measuring whole processes.

# measure COMMAND... : of one run wall milliseconds, peak kilobytes, milliseconds of processors
measure() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
wall = (time.perf_counter() - start) * 1000
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{wall:.1f} {used.ru_maxrss} {(used.ru_utime + used.ru_stime) * 1000:.1f}")
PY
}

# least COLUMN < rows, median COLUMN < rows
least() { sort -n -k"$1,$1" | awk -v c="$1" 'NR == 1 {print $c}'; }
median() { sort -n -k"$1,$1" | awk -v c="$1" '{v[NR]=$c} END {print v[int((NR+1)/2)]}'; }

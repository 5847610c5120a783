# shellcheck shell=bash
# What `run` and `verify` share: measuring whole processes.

# measure COMMAND... : of one run wall milliseconds, peak kilobytes (never below those of Python,
# from which the process begins), milliseconds of processors
measure() {
    python3 - "$@" <<'PY'
import resource, subprocess, sys, time

def used():
    return resource.getrusage(resource.RUSAGE_CHILDREN)

# Whatever found Python may have had children.
before = used()
start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
wall = (time.perf_counter() - start) * 1000
busy = used().ru_utime + used().ru_stime - before.ru_utime - before.ru_stime
print(f"{wall:.1f} {used().ru_maxrss} {busy * 1000:.1f}")
PY
}

# least COLUMN < rows, median COLUMN < rows
least() { sort -n -k"$1,$1" | awk -v c="$1" 'NR == 1 {print $c}'; }
median() { sort -n -k"$1,$1" | awk -v c="$1" '{v[NR]=$c} END {print v[int((NR+1)/2)]}'; }

# shellcheck shell=bash disable=SC2034 # read by those who include this
# What the scripts here share: where things are, Flink's jars, and counting verdicts.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${CHKCTL_CACHE:-$HOME/.cache/chkctl-interop}
examples=${CARGO_TARGET_DIR:-$root/target}/debug/examples
passed=0
failed=0

missing=()
for tool in java javac mvn zstd tar cargo; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "interop: missing: ${missing[*]}. Install a JDK (11 or later), Maven, zstd and Rust." >&2
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Java 17 closes packages that Flink's serializers look into.
opens=()
for package in java.lang java.lang.reflect java.lang.invoke java.util java.util.concurrent \
    java.util.concurrent.atomic java.time java.net java.io java.text java.nio sun.nio.ch; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# fetch RELEASE [PROFILES] : Flink's jars into the cache, once; prints where they are
fetch() {
    local jars=$cache/flink-$1${2:+-${2//,/-}} scala=""
    [[ $1 != 1.14.* ]] || scala=_2.12
    if [ ! -d "$jars" ]; then
        mkdir -p "$cache"
        rm -rf "$jars.part"
        mvn -B -q -f "$here/pom.xml" ${2:+"-P$2"} "-Dflink.version=$1" "-Dscala=$scala" \
            dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$jars.part" \
            >"$work/mvn.log" 2>&1 || {
            cat "$work/mvn.log" >&2
            echo "interop: Maven could not fetch Flink $1" >&2
            return 2
        }
        mv "$jars.part" "$jars"
    fi
    echo "$jars"
}

# compile JARS CLASSES SOURCE... : says something only if it fails
compile() {
    mkdir -p "$2"
    javac -encoding UTF-8 -proc:none -nowarn -cp "$1/*" -d "$2" "${@:3}" >"$work/javac.log" 2>&1 || {
        cat "$work/javac.log" >&2
        return 2
    }
}

# verdict WHAT PROBLEM : counts, and prints what went wrong
verdict() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n%s\n' "$1" "$2" | cut -c 1-300
    fi
}

# summary : the last line, and the exit code
summary() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

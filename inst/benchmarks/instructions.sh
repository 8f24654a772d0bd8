#!/bin/sh
# Guards against slower code: counts the machine instructions of one fixed fit
# (Twins, K = 4, seed 1, without OpenMP) with callgrind, and compares the number
# with the one stored in instructions.txt.
#
# Unlike a time, the number does not depend on other programs, and with the
# baseline kernels it hardly depends on the processor. It does depend on the
# compiler, the C library and GSL, so instructions.txt has a line for each
# combination of them.
#
#   inst/benchmarks/instructions.sh            compare; the status is 1 if there
#                                              are over 2 % more instructions
#   inst/benchmarks/instructions.sh --store    store this build's number
#   inst/benchmarks/instructions.sh --profile  compare, and list the functions
#                                              that take the most instructions
#
# Needs valgrind, a C compiler, make and GSL. The environment variable BUILD
# names the folder to build in (by default ./build beside this script).
set -eu

tolerated=2 # percent
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/build}
stored=$here/instructions.txt
mode=${1:-compare}

make -s -j2 -C "$here" BUILD="$build" driver-serial
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT

# The C library also chooses functions by processor; GLIBC_TUNABLES restricts it
# to those that every x86-64 processor can run.
DMMOMP_SIMD=baseline GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-ERMS \
    valgrind --tool=callgrind --callgrind-out-file="$counts" \
    --toggle-collect=dmm_fit \
    "$build/driver-serial" "$here/../extdata/Twins.csv" 4 1 1 \
    2>"$counts.log" >"$counts.fit" ||
    { cat "$counts.log"; rm -f "$counts".*; exit 1; }
fit=$(tr ' ' '\n' <"$counts.fit" | grep -E '^(NLE|evaluations|kmeans_it)' |
    tr '\n' ' ')
rm -f "$counts.log" "$counts.fit"
now=$(sed -n 's/^\(summary\|totals\): *//p' "$counts" | head -n 1)

build_name=$(printf '%s %s, %s, GSL %s' "$(uname -m)" \
    "$("${CC:-cc}" --version | head -n 1)" \
    "$(getconf GNU_LIBC_VERSION 2>/dev/null || uname -s)" \
    "$(gsl-config --version)")
before=$(sed -n "s|^\([0-9]*\)	$build_name\$|\1|p" "$stored" 2>/dev/null || :)

printf '| %s | instructions |\n|---|--:|\n' "$build_name"
printf '| now | %s |\n' "$now"
[ -z "$before" ] || printf '| stored | %s |\n' "$before"
printf '\n%s\n' "$fit"

if [ "$mode" = --profile ]
then
    callgrind_annotate "$counts" | sed -n '/Ir *file:function/,$p' | head -n 30
fi
if [ "$mode" = --store ]
then
    {
        [ ! -f "$stored" ] || grep -vF "	$build_name" "$stored" || :
        printf '%s\t%s\n' "$now" "$build_name"
    } >"$counts"
    cat "$counts" >"$stored"
    exit
fi
if [ -z "$before" ]
then
    echo "No number is stored for this compiler and libraries: --store it."
    exit
fi
awk -v now="$now" -v before="$before" -v tolerated=$tolerated 'BEGIN {
    change = 100 * (now / before - 1)
    printf "%+.2f %% against the stored number\n", change
    exit change > tolerated
}' || { echo "FAILED: more than $tolerated % more"; exit 1; }

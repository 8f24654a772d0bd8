#!/bin/sh
# Runs all tests: those of the C core, which need no R, and those of the
# package, each with OpenMP and without. usage() below describes them.
set -eu

usage()
{
    cat <<END
Usage: ./tools/test.sh [--counts=FILE]

Installs what the tests need (by apt, on Debian and Ubuntu), runs the C tests
plainly, under the address and undefined-behaviour sanitizers and without
OpenMP, then builds and installs the package into a scratch library and runs
its R tests, with OpenMP and without. Ends with a summary; the status is
non-zero when anything failed.

  --counts=FILE   write a line "PASSED FAILED SKIPPED NAME" for each suite
  -h, --help      this text
END
}

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
counts=$scratch/counts
while [ $# -gt 0 ]
do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --counts=*) counts=${1#--counts=} ;;
        *) usage >&2; die "Unknown argument: $1" ;;
    esac
    shift
done
: >"$counts"

# record PASSED FAILED SKIPPED NAME
# Adds a suite's result to the summary.
record()
{
    printf '%s %s %s %s\n' "$1" "$2" "$3" "$4" >>"$counts"
}

# c_suite NAME MAKE-TARGET
# Runs a target of tests/core/Makefile. Each test program ends with a line
# "N passed, N failed".
c_suite()
{
    heading "$1"
    log=$scratch/c.log
    make -s -C "$root/tests/core" "$2" >"$log" 2>&1 && status=0 || status=$?
    cat "$log"
    passed=$(sum_before passed "$log")
    failed=$(sum_before failed "$log")
    # A program that ends early (a crash, a sanitizer's report) is a failure,
    # and so is a suite in which no test has passed.
    if [ "$failed" = 0 ] && { [ "$status" != 0 ] || [ "$passed" = 0 ]; }; then
        failed=1
    fi
    record "$passed" "$failed" 0 "$1"
}

# sum_before WORD FILE
# Prints the sum of the numbers that precede a word, "passed" or "failed".
sum_before()
{
    sed -n "s/^\(.*[^0-9]\)\{0,1\}\([0-9][0-9]*\) $1.*/\2/p" "$2" |
        awk '{ sum += $1 } END { print sum + 0 }'
}

# r_suite NAME [R CMD INSTALL's options]
# Installs the package into a scratch library and runs its tests.
r_suite()
{
    name=$1
    shift
    heading "$name"
    library=$scratch/library
    rm -rf "$library"
    mkdir "$library"
    if ! install_tarball "$scratch/dmmomp.tar.gz" "$library" "$@"; then
        record 0 1 0 "$name: installation"
        return
    fi
    # Run the tests in the tarball rather than those in the working tree: this
    # shows that the tarball is complete, and keeps files that tests write out
    # of the tree.
    rm -rf "$scratch/dmmomp"
    tar -xf "$scratch/dmmomp.tar.gz" -C "$scratch"
    rm -f "$scratch/r-counts"
    R_LIBS=$library${R_LIBS:+:$R_LIBS} NOT_CRAN=true \
        Rscript "$root/tools/run-testthat.R" "$scratch/dmmomp/tests/testthat" \
        "$scratch/r-counts" || say "The test run ended early."
    if [ -f "$scratch/r-counts" ]; then
        # shellcheck disable=SC2046 # three numbers
        record $(cat "$scratch/r-counts") "$name"
    else
        record 0 1 0 "$name"
    fi
}

require_build_tools
require_r_package testthat r-cran-testthat
install_missing
want_r_package BiocParallel r-bioc-biocparallel
want_r_package DirichletMultinomial r-bioc-dirichletmultinomial
want_r_package HDF5Array r-bioc-hdf5array
want_r_package SingleCellExperiment r-bioc-singlecellexperiment
want_r_package SummarizedExperiment r-bioc-summarizedexperiment
want_r_package bluster r-bioc-bluster
want_r_package broom r-cran-broom
want_r_package generics r-cran-generics
want_r_package ggplot2 r-cran-ggplot2
want_r_package lattice r-cran-lattice
want_r_package phyloseq r-bioc-phyloseq
want_r_package progressr r-cran-progressr
want_r_package rhdf5 r-bioc-rhdf5
want_r_package tibble r-cran-tibble
want_r_package vdiffr r-cran-vdiffr
want_r_package xtable r-cran-xtable

c_suite "C core" check
c_suite "C core, sanitizers" check-sanitize
c_suite "C core, no OpenMP" check-serial

build_tarball "$scratch"
r_suite "R package"
r_suite "R package, no OpenMP" --configure-args=--disable-openmp

heading Summary
summarize "$counts"

#!/bin/sh
# Installs dmmomp and what it needs, then runs tools/demo.R, which clusters the
# samples of the Twins study. usage() below describes the options.
set -eu

usage()
{
    cat <<END
Usage: ./tools/demo.sh [--library=DIR] [OUTPUT-DIRECTORY]

Installs dmmomp and what it needs (by apt, on Debian and Ubuntu), fits
Dirichlet-multinomial mixtures with 1 to 7 components to the 278 samples of
the Twins study, prints the criteria and the best fit, and saves two plots.

  OUTPUT-DIRECTORY   where the plots go (default: ./dmmomp-demo)
  --library=DIR      the R library to install into (default: the first that
                     can be written to, or else your personal library)
  -h, --help         this text

The package is built again only when its sources have changed.
END
}

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tools/setup.sh
. "$root/tools/setup.sh"

library=
output=dmmomp-demo
while [ $# -gt 0 ]
do
    case $1 in
        -h | --help) usage; exit 0 ;;
        --library=*) library=${1#--library=} ;;
        -*) usage >&2; die "Unknown option: $1" ;;
        *) output=$1 ;;
    esac
    shift
done

# Prints the R library to install into: one in which library(dmmomp) finds the
# package without further settings.
choose_library()
{
    # shellcheck disable=SC2016 # R's dollar signs
    Rscript -e '
        libraries <- .libPaths()
        writable <- libraries[file.access(libraries, 2L) == 0L]
        personal <- path.expand(strsplit(Sys.getenv("R_LIBS_USER"),
                                         .Platform$path.sep)[[1L]][1L])
        cat(c(writable, personal)[1L])'
}

# Prints a checksum of R's version and of all sources of the package.
source_checksum()
{
    (cd "$root" && {
        R --version
        find DESCRIPTION NAMESPACE configure cleanup R data inst man src \
            tools/m4 -type f ! -name '*.o' ! -name '*.so' \
            ! -path src/Makevars | LC_ALL=C sort | while read -r file
        do
            cksum "$file"
        done
    } | cksum)
}

install_dmmomp()
{
    checksum=$(source_checksum)
    # The file is inside the installed package, so that it disappears when the
    # package is replaced by other means.
    stamp=$library/dmmomp/source-checksum
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$checksum" ]; then
        say "dmmomp is installed in $library and up to date."
        return
    fi
    say "Building dmmomp into $library ..."
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    build_tarball "$scratch"
    install_tarball "$scratch/dmmomp.tar.gz" "$library" ||
        die "Installation failed."
    printf '%s\n' "$checksum" >"$stamp"
}

require_build_tools
install_missing
# The plots need ggplot2 only to look their best, so nobody is asked for a
# password because of it.
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
    want_r_package ggplot2 r-cran-ggplot2
fi
[ -n "$library" ] || library=$(choose_library)
mkdir -p "$library" "$output"
library=$(cd "$library" && pwd)
install_dmmomp

R_LIBS=$library${R_LIBS:+:$R_LIBS} Rscript "$root/tools/demo.R" "$output"

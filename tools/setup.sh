# shellcheck shell=sh disable=SC2154
# Functions shared by tools/demo.sh, tools/test.sh and .ci/run, which source
# this file: they install what is needed, build the package and sum up results.
#
# A script names its needs with require_command and require_r_package, and then
# calls install_missing once, which installs Debian packages for those that are
# missing. What is already there, from whatever source, is left as it is. The
# comment above a function names its arguments.

missing=
missing_r=

say()
{
    printf '%s\n' "$*"
}

heading()
{
    printf '\n==== %s\n' "$*"
}

die()
{
    printf '%s\n' "$*" >&2
    exit 1
}

# require_command COMMAND DEBIAN-PACKAGE...
# Notes the packages as missing unless the command exists.
require_command()
{
    command -v "$1" >/dev/null 2>&1 && return
    shift
    missing="$missing $*"
}

has_r_package()
{
    command -v Rscript >/dev/null 2>&1 &&
        Rscript -e "quit(status = !nzchar(system.file(package = '$1')))" \
            >/dev/null 2>&1
}

# require_r_package R-PACKAGE DEBIAN-PACKAGE
# Notes the package as missing unless R can find it.
require_r_package()
{
    has_r_package "$1" && return
    missing="$missing $2"
    missing_r="$missing_r $1"
}

# What building and installing the package needs. The compiler is asked for by
# itself, since r-base-dev would bring many header files that this package does
# not use.
require_build_tools()
{
    require_command R r-base-core
    require_command make make
    require_command gcc gcc libc6-dev
    require_command gsl-config libgsl-dev
    require_r_package Matrix r-cran-matrix
    require_r_package S4Vectors r-bioc-s4vectors
    require_r_package withr r-cran-withr
}

# Installs what the require_ functions noted as missing, or ends the script.
install_missing()
{
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || explain_other_systems
    say "Installing$missing"
    # shellcheck disable=SC2086 # a list of names
    apt_install $missing || die "Could not install$missing: see above."
    missing=
    missing_r=
}

# want_r_package R-PACKAGE DEBIAN-PACKAGE
# For an optional package: tries to install it if it is missing. The script goes
# on without it, and what needs it is skipped.
want_r_package()
{
    has_r_package "$1" && return
    say "Installing $2"
    command -v apt-get >/dev/null 2>&1 && apt_install "$2" && return
    say "Going on without $1: what needs it is skipped."
}

# apt_install DEBIAN-PACKAGE...
# Tries three times; prints the end of apt's output if all fail.
apt_install()
{
    apt_log=$(mktemp)
    for attempt in 1 2 3
    do
        # A failed update of one source need not matter.
        as_root apt-get -qq update >"$apt_log" 2>&1 || :
        if as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -y -o DPkg::Lock::Timeout=300 \
            --no-install-recommends install "$@" >>"$apt_log" 2>&1
        then
            rm -f "$apt_log"
            return 0
        fi
        [ "$attempt" = 3 ] || sleep $((attempt * 10))
    done
    tail -n 20 "$apt_log" >&2
    rm -f "$apt_log"
    return 1
}

as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "This needs root: run it as root, or install sudo, or ask for" \
            "these packages to be installed:$missing"
    fi
}

# Says what to install where there is no apt-get, and ends the script.
explain_other_systems()
{
    cat >&2 <<END
Something that dmmomp needs is missing; in Debian's names:$missing
This script can install it on Debian and Ubuntu only. Elsewhere install R,
a C compiler, make and GSL (2.5 or later) and run the script again:

    Fedora   sudo dnf install R-core-devel R-Matrix gsl-devel
    conda    conda install -c conda-forge r-base r-matrix gsl \\
                 c-compiler make
    macOS    xcode-select --install; brew install r gsl
END
    if [ -n "$missing_r" ]; then
        cat >&2 <<END

R packages: in R, install.packages("BiocManager"), then
    BiocManager::install(c($(quote_names "$missing_r")))
END
    fi
    exit 1
}

# quote_names "a b"
# Prints "a", "b" with the quotation marks.
quote_names()
{
    # shellcheck disable=SC2086 # a list of names
    printf '"%s", ' $1 | sed 's/, $//'
}

# build_tarball DIRECTORY
# Builds the package and leaves it in DIRECTORY/dmmomp.tar.gz. Installing from
# that file keeps object files out of the working tree.
build_tarball()
{
    (cd "$1" && R CMD build --no-build-vignettes --no-manual "$root" \
        >build.log 2>&1) || {
        cat "$1/build.log" >&2
        die "R CMD build failed."
    }
    mv "$1"/dmmomp_*.tar.gz "$1/dmmomp.tar.gz"
}

# install_tarball TARBALL LIBRARY [R CMD INSTALL's options]
# Prints R's output only if the installation fails.
install_tarball()
{
    install_log=$(mktemp)
    tarball_to_install=$1
    library=$2
    shift 2
    R CMD INSTALL --library="$library" "$@" "$tarball_to_install" \
        >"$install_log" 2>&1 && install_status=0 || install_status=$?
    [ "$install_status" = 0 ] || cat "$install_log" >&2
    rm -f "$install_log"
    return "$install_status"
}

# summarize FILE
# FILE has lines "PASSED FAILED SKIPPED NAME". Prints them as a table, with a
# last line "N passed, N failed". Fails if anything failed or nothing passed.
summarize()
{
    awk '{
        counts = sprintf("%7d passed %5d failed %5d skipped", $1, $2, $3)
        passed += $1
        failed += $2
        $1 = $2 = $3 = ""
        print counts $0
    }
    END {
        printf "%d passed, %d failed\n", passed, failed
        exit failed > 0 || passed == 0
    }' "$1"
}

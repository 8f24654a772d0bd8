/* Writing files to disk safely, for checkpoints (R/utils-files.R). */
#include <errno.h>
#include <fcntl.h>
#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

#include "entries.h"

#ifdef _WIN32
#define open _open
#define close _close
#define fsync _commit
#define OPEN_MODE (_O_RDWR | _O_BINARY)
#else
#define OPEN_MODE O_RDONLY
#endif

/* Flushes a file, or the entries of a directory, to the disk (fsync). Returns
 * FALSE if that fails, as it does for a directory on Windows. */
SEXP R_dmm_flush(SEXP path)
{
    if (TYPEOF(path) != STRSXP || XLENGTH(path) != 1)
        Rf_error("'path' must be one string");
    const char *name =
        R_ExpandFileName(Rf_translateChar(STRING_ELT(path, 0)));
    const int file = open(name, OPEN_MODE);
    if (file < 0)
        return Rf_ScalarLogical(0);
    int failed = fsync(file);
    while (failed && errno == EINTR)
        failed = fsync(file);
    close(file);
    return Rf_ScalarLogical(!failed);
}

/* The messages of the statuses. */
#include "base/status.h"

const char *dmm_status_message(dmm_status status)
{
    switch (status) {
    case DMM_OK:
        return "no error";
    case DMM_ERROR_MEMORY:
        return "not enough memory";
    case DMM_ERROR_ARGUMENT:
        return "an argument is out of its range";
    case DMM_ERROR_TOO_LARGE:
        return "the problem is too large for this machine's sizes";
    case DMM_ERROR_INTERRUPTED:
        return "interrupted";
    case DMM_ERROR_NUMERIC:
        return "a value that must be finite is not";
    }
    return "unknown status";
}

/* The status codes that the core's functions return.
 *
 * Every function of the core that can fail returns a dmm_status. Nothing in the
 * core prints, exits or jumps; the caller turns a status into its own kind of
 * error, with the text of dmm_status_message().
 */
#ifndef DMM_STATUS_H
#define DMM_STATUS_H

typedef enum {
    DMM_OK = 0,
    DMM_ERROR_MEMORY,      /* an allocation failed                          */
    DMM_ERROR_ARGUMENT,    /* an argument breaks the function's contract    */
    DMM_ERROR_TOO_LARGE,   /* a product of sizes does not fit in size_t, or
                              there are more features than 32 bits hold     */
    DMM_ERROR_INTERRUPTED, /* the interrupt callback asked to stop          */
    DMM_ERROR_NUMERIC      /* a quantity that must be finite is not         */
} dmm_status;

/* A message for users, without a full stop; never NULL. */
const char *dmm_status_message(dmm_status status);

#endif

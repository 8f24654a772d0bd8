/* Check macros for the stand-alone tests of the core.
 *
 * A failed check is counted and printed with its file, line and expression, and
 * the program goes on. main() ends with `return check_report();`. The counters
 * are not thread-safe: only one thread may make checks.
 */
#ifndef DMM_CHECK_H
#define DMM_CHECK_H

#include <stdio.h>

/* Failures that are printed; further ones are only counted. */
#define CHECK_MAX_PRINTED 20

static unsigned long check_passed, check_failed;

static inline int check_that(int holds, const char *file, int line)
{
    if (holds) {
        check_passed++;
        return 1;
    }
    check_failed++;
    if (check_failed <= CHECK_MAX_PRINTED)
        fprintf(stderr, "%s:%d: failed: ", file, line);
    return 0;
}

static inline int check_is_printed(void)
{
    return check_failed <= CHECK_MAX_PRINTED;
}

/* The expression holds. */
#define CHECK(expression)                                                      \
    do {                                                                       \
        if (!check_that(!!(expression), __FILE__, __LINE__) &&                 \
            check_is_printed())                                                \
            fprintf(stderr, "%s\n", #expression);                              \
    } while (0)

/* The same. On failure it also prints the printf-style message. */
#define CHECK_SAY(expression, ...)                                             \
    do {                                                                       \
        if (!check_that(!!(expression), __FILE__, __LINE__) &&                 \
            check_is_printed()) {                                              \
            fprintf(stderr, "%s: ", #expression);                              \
            fprintf(stderr, __VA_ARGS__);                                      \
            fprintf(stderr, "\n");                                             \
        }                                                                      \
    } while (0)

/* value <= bound, and value not NaN. */
#define CHECK_AT_MOST(value, bound)                                            \
    do {                                                                       \
        const double check_value_ = (value), check_bound_ = (bound);           \
        CHECK_SAY(check_value_ <= check_bound_, "%s = %.17g, bound %.17g",     \
                  #value, check_value_, check_bound_);                         \
    } while (0)

/* |value - expected| <= tolerance. */
#define CHECK_NEAR(value, expected, tolerance)                                 \
    do {                                                                       \
        const double check_value_ = (value), check_expected_ = (expected);     \
        const double check_difference_ = check_value_ < check_expected_        \
                                             ? check_expected_ - check_value_  \
                                             : check_value_ - check_expected_; \
        CHECK_SAY(check_difference_ <= (tolerance),                            \
                  "%s = %.17g, expected %.17g", #value, check_value_,          \
                  check_expected_);                                            \
    } while (0)

static inline int check_report(void)
{
    printf("%lu passed, %lu failed\n", check_passed, check_failed);
    return check_failed != 0;
}

#endif

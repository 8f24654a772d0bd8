/* Differences of lgamma and its derivatives, for single values.
 *
 * For alpha > 0 (1e-30 to 1e15 tested) and a count x >= 0 (to 2^31 tested),
 * f(alpha + x) - f(alpha) without the cancellation of that subtraction: a few
 * 1e-15 of 1 + |result| for lgamma and of the result for the others. A fraction
 * is allowed in x; below 8 it costs accuracy, a factor of 1 + 8 / x.
 *
 * The same source as the kernels' plain C form; loops over many values belong
 * there (kernels.h). No errors, no state: safe from any thread.
 */
#ifndef DMM_SPECIAL_H
#define DMM_SPECIAL_H

double dmm_lgamma_difference(double alpha, double x);

double dmm_digamma_difference(double alpha, double x);

double dmm_trigamma_difference(double alpha, double x);

/* log n! of a whole n >= 0. */
double dmm_log_factorial(double n);

#endif

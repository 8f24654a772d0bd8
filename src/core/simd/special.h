/* Differences of lgamma and its derivatives, for single values.
 *
 * The functions return f(alpha + x) - f(alpha) without the cancellation of that
 * subtraction, for alpha > 0 (tested from 1e-30 to 1e15) and x >= 0 (tested up
 * to 2^31). Errors are a few 1e-15 times 1 + |result| for lgamma, and a few
 * 1e-15 times the result for digamma and trigamma. x need not be a whole
 * number; if it is not and is below 8, errors grow by a factor of 1 + 8 / x.
 *
 * The formulas are those of the kernels (special_template.h); loops over many
 * values should call the kernels instead. The functions have no state and are
 * safe to call from any thread.
 */
#ifndef DMM_SPECIAL_H
#define DMM_SPECIAL_H

double dmm_lgamma_difference(double alpha, double x);

double dmm_digamma_difference(double alpha, double x);

double dmm_trigamma_difference(double alpha, double x);

#endif

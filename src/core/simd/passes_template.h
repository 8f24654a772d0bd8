/* The kernels of kernels.h that pass over the entries of a block or over rows
 * of components, for vectors of DMM_VL doubles.
 *
 * Included by kernels_template.h. A row of kp components is processed as one
 * vector of 1, 2 or 4 doubles, or as several of DMM_VL. Rows of common lengths
 * have specialised code, which is much faster; longer rows are processed in
 * slices of PASS_SLICE doubles, with a pass for each slice. The passes
 * themselves are in row_passes.h.
 */

/* The most vectors of a row that are processed together. */
#define PASS_MAX 4

/* At -O2, gcc unrolls loops of constant length only if it is told to. Clang
 * does so by itself. */
#if defined(__GNUC__) && !defined(__clang__)
#define V_UNROLL _Pragma("GCC unroll 16")
#else
#define V_UNROLL
#endif

#define PASS_VECTOR double
#define PASS_ZERO {0}
#define PASS_NAME(pass) pass##_1
#include "row_passes.h"

#if DMM_VL >= 2
typedef double pass_vector_2 __attribute__((vector_size(16), may_alias));
#define PASS_VECTOR pass_vector_2
#define PASS_ZERO {{0}}
#define PASS_NAME(pass) pass##_2
#include "row_passes.h"
#endif

#if DMM_VL >= 4
typedef double pass_vector_4 __attribute__((vector_size(32), may_alias));
#define PASS_VECTOR pass_vector_4
#define PASS_ZERO {{0}}
#define PASS_NAME(pass) pass##_4
#include "row_passes.h"
#endif

#if DMM_VL >= 8
typedef double pass_vector_8 __attribute__((vector_size(64), may_alias));
#define PASS_VECTOR pass_vector_8
#define PASS_ZERO {{0}}
#define PASS_NAME(pass) pass##_8
#include "row_passes.h"
#endif

/* How rows of 2, 4 and more components are divided into vectors. call(width,
 * count) is a pass over `count` vectors of `width` doubles in each row, where
 * count is at most PASS_MAX. PASS_LONG_ROWS lists the lengths above PASS_SLICE
 * that have specialised code. */
#if DMM_VL == 1
#define PASS_ROW_2(call) call(1, 2)
#define PASS_ROW_4(call) call(1, 4)
#define PASS_SLICE 4
#define PASS_ROW_SLICE(call) call(1, 4)
#define PASS_LONG_ROWS(call)
#elif DMM_VL == 2
#define PASS_ROW_2(call) call(2, 1)
#define PASS_ROW_4(call) call(2, 2)
#define PASS_SLICE 8
#define PASS_ROW_SLICE(call) call(2, 4)
#define PASS_LONG_ROWS(call)
#elif DMM_VL == 4
#define PASS_ROW_2(call) call(2, 1)
#define PASS_ROW_4(call) call(4, 1)
#define PASS_SLICE 8
#define PASS_ROW_SLICE(call) call(4, 2)
#define PASS_LONG_ROWS(call) \
    case 16:                 \
        call(4, 4);          \
        break;
#else
#define PASS_ROW_2(call) call(2, 1)
#define PASS_ROW_4(call) call(4, 1)
#define PASS_SLICE 8
#define PASS_ROW_SLICE(call) call(8, 1)
#define PASS_LONG_ROWS(call) \
    case 16:                 \
        call(8, 2);          \
        break;               \
    case 24:                 \
        call(8, 3);          \
        break;               \
    case 32:                 \
        call(8, 4);          \
        break;
#endif

/* Runs `call` for rows of kp components. `call` may use the variable `slice`,
 * the first component of the current slice. */
#define PASS_DISPATCH(call)                             \
    do {                                                \
        size_t slice = 0;                               \
        switch (kp) {                                   \
        case 1:                                         \
            call(1, 1);                                 \
            break;                                      \
        case 2:                                         \
            PASS_ROW_2(call);                           \
            break;                                      \
        case 4:                                         \
            PASS_ROW_4(call);                           \
            break;                                      \
            PASS_LONG_ROWS(call)                        \
        default:                                        \
            for (; slice < kp; slice += PASS_SLICE)     \
                PASS_ROW_SLICE(call);                   \
        }                                               \
    } while (0)

static void pass_gather(const dmm_block *block, size_t kp, size_t group_begin,
                        size_t group_end, const double *table, double *acc)
{
    const dmm_offset *from = &block->group_offset[group_begin];
    const dmm_offset *to = &block->group_offset[group_end];
#define CALL(width, n) \
    gather_##width(block, kp, n, from, to, table + slice, acc + slice)
    PASS_DISPATCH(CALL);
#undef CALL
}

static void pass_scatter(const dmm_block *block, size_t kp, size_t group_begin,
                         size_t group_end, const double *z, double *histogram)
{
    const dmm_offset *from = &block->group_offset[group_begin];
    const dmm_offset *to = &block->group_offset[group_end];
#define CALL(width, n) \
    scatter_##width(block, kp, n, from, to, z + slice, histogram + slice)
    PASS_DISPATCH(CALL);
#undef CALL
}

static void pass_gather_counts(const dmm_block *block,
                               const dmm_dictionary *dictionary, size_t kp,
                               const double *weight, double *acc)
{
#define CALL(width, n)                                                 \
    gather_counts_##width(block, dictionary, kp, n, weight + slice, \
                          acc + slice)
    PASS_DISPATCH(CALL);
#undef CALL
}

static void pass_scatter_counts(const dmm_block *block,
                                const dmm_dictionary *dictionary, size_t kp,
                                size_t group_begin, size_t group_end,
                                const double *z, double *sum)
{
    const dmm_offset *from = &block->group_offset[group_begin];
    const dmm_offset *to = &block->group_offset[group_end];
#define CALL(width, n)                                                 \
    scatter_counts_##width(block, dictionary, kp, n, from, to, z + slice, \
                           sum + slice)
    PASS_DISPATCH(CALL);
#undef CALL
}

/* The square roots of all lanes. The compiler turns the loop into a single
 * instruction. */
V_INLINE vd v_sqrt(vd x)
{
#if DMM_VL == 1
    return sqrt(x);
#else
    vd y = x;
    for (int lane = 0; lane < DMM_VL; lane++)
        y[lane] = sqrt(x[lane]);
    return y;
#endif
}

static void pass_scaled_distance(size_t n_rows, size_t kp, double scale,
                                 const double *inverse_total,
                                 const double *square,
                                 const double *centre_square, double *dot)
{
    const vd zero = v_set(0.0);
    for (size_t i = 0; i < n_rows; i++) {
        const double twice = 2 * inverse_total[i];
        double *row = dot + i * kp;
        size_t k = 0;
        for (; k + DMM_VL <= kp; k += DMM_VL) {
            vd d = square[i] + v_load(centre_square + k) -
                   twice * v_load(row + k);
            d = v_select(V_MASK(d > zero), d, zero);
            v_store(row + k, scale * v_sqrt(d));
        }
        for (; k < kp; k++) {
            double d = square[i] + centre_square[k] - twice * row[k];
            row[k] = scale * sqrt(d > 0 ? d : 0);
        }
    }
}

/* Rows whose exponentials and logarithms softmax evaluates in one call. */
#define SOFTMAX_ROWS 64
/* A log weight whose exponential is 0. */
#define SOFTMAX_NEVER (-1e4)

static double pass_softmax(size_t n_rows, size_t k, size_t kp, double *z,
                           double *weight)
{
    double largest[SOFTMAX_ROWS + DMM_VL], sum[SOFTMAX_ROWS + DMM_VL];
    double total = 0;
    for (size_t first = 0; first < n_rows; first += SOFTMAX_ROWS) {
        const size_t rows =
            n_rows - first < SOFTMAX_ROWS ? n_rows - first : SOFTMAX_ROWS;
        double *chunk = z + first * kp;
        for (size_t i = 0; i < rows; i++) {
            double *row = chunk + i * kp;
            double m = row[0];
            for (size_t c = 1; c < k; c++)
                m = row[c] > m ? row[c] : m;
            largest[i] = m;
            for (size_t c = 0; c < k; c++)
                row[c] -= m;
            for (size_t c = k; c < kp; c++)
                row[c] = SOFTMAX_NEVER;
        }
        special_exp_array(rows * kp, chunk, chunk);
        for (size_t i = 0; i < rows; i++) {
            const double *row = chunk + i * kp;
            double s = 0;
            for (size_t c = 0; c < k; c++)
                s += row[c];
            sum[i] = s;
        }
        for (size_t i = 0; i < rows; i++) {
            const double inverse = 1 / sum[i];
            double *row = chunk + i * kp;
            for (size_t c = 0; c < k; c++) {
                row[c] *= inverse;
                weight[c] += row[c];
            }
        }
        special_log_array(rows, sum, sum);
        for (size_t i = 0; i < rows; i++)
            total += sum[i] + largest[i];
    }
    return total;
}

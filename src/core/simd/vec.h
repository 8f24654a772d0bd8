/* Vectors of DMM_VL doubles, for the templates in this folder.
 *
 * DMM_VL is 1 for plain C11, where a vector is a single double, or 2, 4 or 8
 * for vectors of GCC's and Clang's vector extension. C's arithmetic and bit
 * operators work on both; the operations that differ are defined here. The
 * types are vd for doubles, vi for signed and vu for unsigned 64-bit integers.
 * A mask is a vi in which each lane is either 0 or all ones.
 */
#ifndef DMM_VL
#error "define DMM_VL, the number of doubles in a vector, first"
#endif

#if DMM_VL == 1
typedef double vd;
typedef int64_t vi;
typedef uint64_t vu;
#define V_INLINE static inline
#define V_MASK(condition) (-(vi)(condition))
#else
typedef double vd __attribute__((vector_size(8 * DMM_VL)));
typedef int64_t vi __attribute__((vector_size(8 * DMM_VL)));
typedef uint64_t vu __attribute__((vector_size(8 * DMM_VL)));
#define V_INLINE static inline __attribute__((always_inline, unused))
#define V_MASK(condition) ((vi)(condition))
#endif

/* Loads and stores need no alignment. */
V_INLINE vd v_load(const double *p)
{
    vd x;
    memcpy(&x, p, sizeof x);
    return x;
}

V_INLINE void v_store(double *p, vd x)
{
    memcpy(p, &x, sizeof x);
}

/* The bits of a double as an integer, and back. */
V_INLINE vu v_bits(vd x)
{
    vu u;
    memcpy(&u, &x, sizeof u);
    return u;
}

V_INLINE vd v_from_bits(vu u)
{
    vd x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* A vector with x in all lanes. */
V_INLINE vd v_set(double x)
{
#if DMM_VL == 1
    return x;
#else
    return (vd){0} + x;
#endif
}

/* a in lanes where the mask is set, 0 in the others. */
V_INLINE vd v_and(vi mask, vd a)
{
    return v_from_bits(v_bits(a) & (vu)mask);
}

/* a in lanes where the mask is set, b in the others. */
V_INLINE vd v_select(vi mask, vd a, vd b)
{
    return v_from_bits((v_bits(a) & (vu)mask) | (v_bits(b) & ~(vu)mask));
}

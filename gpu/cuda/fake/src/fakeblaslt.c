// A stand-in for libcublasLt.so: the calls that package cuda binds, over the
// memory and the streams of fakecuda.c. It computes what it was asked for, element
// by element, so that a test sees every argument that went a wrong way.

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int S;
enum { OK, UNINIT = 1, INVALID = 7, NOTSUP = 15 };
enum { F32 = 0, F16 = 2, BF16 = 14 };
enum { TAG_HANDLE = 0x11, TAG_DESC, TAG_LAYOUT, TAG_PREF };

static void *(*device)(uint64_t at, size_t n);
static int (*queue)(void *stream, void (*f)(void *), const void *data, size_t n);
static long live, version = 120406;
static char fail_name[64];
static long fail_nth, fail_status;
static struct { const char *name; long n; } counts[32];

void fakeblas_driver(void *d, void *q) { device = (void *(*)(uint64_t, size_t))d, queue = (int (*)(void *, void (*)(void *), const void *, size_t))q; }
long fakeblas_live(void) { return live; }
void fakeblas_fail(const char *name, long nth, long status) { strncpy(fail_name, name, 63), fail_nth = nth, fail_status = status; }
long fakeblas_pending(void) { return fail_nth; }
void fakeblas_reset(void) { memset(counts, 0, sizeof counts), live = 0, fail_nth = 0; }
const char *fakeblas_count(long i, long *n) { *n = counts[i].n; return counts[i].name; }

static S enter(const char *name) {
	for (int i = 0; i < 32; i++) {
		if (!counts[i].name) counts[i].name = name;
		if (!strcmp(counts[i].name, name)) { counts[i].n++; break; }
	}
	return fail_nth > 0 && !strcmp(name, fail_name) && --fail_nth == 0 ? fail_status : OK;
}
#define CALL { S s_ = enter(__func__); if (s_) return s_; }

struct desc { int tag, compute, scale, ta, tb, epilogue; uint64_t bias; };
struct layout { int tag, type; uint64_t rows, cols; int64_t ld; int batch; int64_t stride; };
struct pref { int tag; uint64_t workspace; uint32_t align[4]; };
struct result { uint64_t algo[8]; size_t workspace; int state; float waves; int reserved[4]; };
_Static_assert(sizeof(struct result) == 96, "cublasLtMatmulHeuristicResult_t");

static void *make(size_t n, int tag) { int *p = calloc(1, n); *p = tag, live++; return p; }
static S end(int *p, int tag) { if (!p || *p != tag) return INVALID; *p = 0, live--, free(p); return OK; }

size_t cublasLtGetVersion(void) { return version; }
S cublasLtCreate(void **h) { CALL; *h = make(16, TAG_HANDLE); return OK; }
S cublasLtDestroy(int *h) { CALL; return end(h, TAG_HANDLE); }

S cublasLtMatmulDescCreate(void **d, int compute, int scale) {
	CALL;
	if ((compute != 68 && compute != 69 && compute != 77) || scale != F32) return INVALID;
	struct desc *x = make(sizeof *x, TAG_DESC);
	x->compute = compute, x->scale = scale, x->epilogue = 1;
	*d = x;
	return OK;
}
S cublasLtMatmulDescDestroy(int *d) { CALL; return end(d, TAG_DESC); }

S cublasLtMatmulDescSetAttribute(struct desc *d, int a, const void *v, size_t n) {
	CALL;
	if (d->tag != TAG_DESC) return INVALID;
	if (a == 8 && n == 8) return d->bias = *(uint64_t *)v, OK;
	if (n != 4) return INVALID;
	int i = *(int *)v;
	switch (a) {
	case 3: d->ta = i; return i < 0 || i > 1 ? INVALID : OK;
	case 4: d->tb = i; return i < 0 || i > 1 ? INVALID : OK;
	case 7: d->epilogue = i; return i == 1 || i == 2 || i == 4 || i == 6 || i == 32 || i == 36 ? OK : INVALID;
	}
	return INVALID;
}

S cublasLtMatrixLayoutCreate(void **l, int type, uint64_t rows, uint64_t cols, int64_t ld) {
	CALL;
	if ((type != F32 && type != F16 && type != BF16) || !rows || !cols || ld < (int64_t)rows) return INVALID;
	struct layout *x = make(sizeof *x, TAG_LAYOUT);
	x->type = type, x->rows = rows, x->cols = cols, x->ld = ld, x->batch = 1;
	*l = x;
	return OK;
}
S cublasLtMatrixLayoutDestroy(int *l) { CALL; return end(l, TAG_LAYOUT); }

S cublasLtMatrixLayoutSetAttribute(struct layout *l, int a, const void *v, size_t n) {
	CALL;
	if (l->tag != TAG_LAYOUT) return INVALID;
	if (a == 5 && n == 4) return l->batch = *(int *)v, OK;
	if (a == 6 && n == 8) return l->stride = *(int64_t *)v, OK;
	return INVALID;
}

S cublasLtMatmulPreferenceCreate(void **p) {
	CALL;
	struct pref *x = make(sizeof *x, TAG_PREF);
	for (int i = 0; i < 4; i++) x->align[i] = 256;
	*p = x;
	return OK;
}
S cublasLtMatmulPreferenceDestroy(int *p) { CALL; return end(p, TAG_PREF); }

S cublasLtMatmulPreferenceSetAttribute(struct pref *p, int a, const void *v, size_t n) {
	CALL;
	if (p->tag != TAG_PREF) return INVALID;
	if (a == 1 && n == 8) return p->workspace = *(uint64_t *)v, OK;
	if (a >= 5 && a <= 8 && n == 4) return p->align[a - 5] = *(uint32_t *)v, OK;
	return INVALID;
}

// fits says whether op(A) is [m,k], op(B) is [k,n], C is [m,n].
static int fits(struct desc *d, struct layout *a, struct layout *b, struct layout *c) {
	uint64_t am = d->ta ? a->cols : a->rows, ak = d->ta ? a->rows : a->cols;
	uint64_t bk = d->tb ? b->cols : b->rows, bn = d->tb ? b->rows : b->cols;
	return d->tag == TAG_DESC && a->tag == TAG_LAYOUT && b->tag == TAG_LAYOUT && c->tag == TAG_LAYOUT && am == c->rows && bn == c->cols && ak == bk &&
		a->type == b->type && a->batch == c->batch && b->batch == c->batch && (d->compute == 68) == (a->type != F32);
}

// The first choice takes a 1 KiB workspace where it may, and knows what it was
// chosen for. A product with k = 7 has no algorithm at all, as some have not.
S cublasLtMatmulAlgoGetHeuristic(int *h, struct desc *d, struct layout *a, struct layout *b, struct layout *c, struct layout *out, struct pref *p, int want, struct result *r, int *got) {
	CALL;
	if (*h != TAG_HANDLE || p->tag != TAG_PREF || c != out || want < 1 || !fits(d, a, b, c)) return INVALID;
	*got = 0;
	if ((d->ta ? a->rows : a->cols) == 7) return NOTSUP;
	memset(r, 0, sizeof *r);
	r->workspace = p->workspace >= 1024 ? 1024 : 0;
	r->algo[0] = 0xA190, r->algo[1] = r->workspace, r->algo[2] = p->align[0], r->algo[7] = c->rows * 1000003 + c->cols;
	*got = 1;
	return OK;
}

struct job { struct desc d; struct layout a, b, c; float alpha, beta; uint64_t A, B, C, work; size_t nwork; };

static float load(const void *p, int type, int64_t i) {
	if (type == F32) return ((const float *)p)[i];
	if (type == F16) return ((const _Float16 *)p)[i];
	uint32_t u = (uint32_t)((const uint16_t *)p)[i] << 16;
	float f;
	memcpy(&f, &u, 4);
	return f;
}

static void store(void *p, int type, int64_t i, float f) {
	if (type == F32) ((float *)p)[i] = f;
	else if (type == F16) ((_Float16 *)p)[i] = f;
	else {
		uint32_t u;
		memcpy(&u, &f, 4);
		((uint16_t *)p)[i] = (u + 0x7fff + (u >> 16 & 1)) >> 16;
	}
}

static float tf32(float f) {
	uint32_t u;
	memcpy(&u, &f, 4);
	u = (u + 0x1000) & ~0x1fffu;
	memcpy(&f, &u, 4);
	return f;
}

static size_t size(int type) { return type == F32 ? 4 : 2; }
static size_t extent(struct layout *l) { return (l->stride * (l->batch - 1) + l->ld * (l->cols - 1) + l->rows) * size(l->type); }

static void run(void *p) {
	struct job *j = p;
	const char *A = device(j->A, extent(&j->a)), *B = device(j->B, extent(&j->b));
	char *C = device(j->C, extent(&j->c));
	uint64_t k = j->d.ta ? j->a.rows : j->a.cols;
	const void *bias = j->d.epilogue & 4 ? device(j->d.bias, j->c.rows * size(j->c.type)) : 0;
	if (j->nwork) memset(device(j->work, j->nwork), 0xEE, j->nwork);
	for (int n = 0; n < j->c.batch; n++) for (uint64_t col = 0; col < j->c.cols; col++) for (uint64_t row = 0; row < j->c.rows; row++) {
		float sum = 0;
		for (uint64_t i = 0; i < k; i++) {
			float x = load(A, j->a.type, n * j->a.stride + (j->d.ta ? row * j->a.ld + i : i * j->a.ld + row));
			float y = load(B, j->b.type, n * j->b.stride + (j->d.tb ? i * j->b.ld + col : col * j->b.ld + i));
			if (j->d.compute == 77) x = tf32(x), y = tf32(y);
			sum += x * y;
		}
		int64_t at = n * j->c.stride + col * j->c.ld + row;
		sum *= j->alpha;
		if (j->beta != 0) sum += j->beta * load(C, j->c.type, at);
		if (bias) sum += load(bias, j->c.type, row);
		if (j->d.epilogue & 2) sum = sum > 0 ? sum : 0;
		if (j->d.epilogue & 32) sum = 0.5f * sum * (1 + tanhf(0.7978845608f * (sum + 0.044715f * sum * sum * sum)));
		store(C, j->c.type, at, sum);
	}
}

S cublasLtMatmul(int *h, struct desc *d, const float *alpha, uint64_t A, struct layout *a, uint64_t B, struct layout *b, const float *beta, uint64_t C, struct layout *c,
	uint64_t D, struct layout *out, const uint64_t *algo, uint64_t work, size_t nwork, void *stream) {
	CALL;
	if (*h != TAG_HANDLE || !fits(d, a, b, c) || c != out || C != D) return INVALID;
	if (algo[0] != 0xA190 || algo[1] > nwork || algo[7] != c->rows * 1000003 + c->cols || (A | B | C) % algo[2]) return INVALID;
	if (!device(A, extent(a)) || !device(B, extent(b)) || !device(C, extent(c)) || (nwork && !device(work, nwork))) return INVALID;
	if (d->epilogue & 4 && !device(d->bias, c->rows * size(c->type))) return INVALID;
	struct job j = {*d, *a, *b, *c, *alpha, *beta, A, B, C, work, nwork};
	return queue(stream, run, &j, sizeof j) ? UNINIT : OK;
}

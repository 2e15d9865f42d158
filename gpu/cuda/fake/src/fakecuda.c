// A stand-in for libcuda.so.1: the calls that package cuda binds, strict about
// what the real driver is strict about, and late about what it may be late about.
//
//   - The current context is the thread's; a call without one is 201, and objects
//     of one context are unknown in another.
//   - Work is queued and runs as late as it may: when somebody waits for it. So do
//     copies from memory that is not page-locked, as they may where a device
//     reads that by itself.
//   - What queued work may use cannot be given back.
//   - Device addresses are no host addresses, are never used again, and memory
//     begins as 0xA5. A range outside one allocation is 1.
//   - Sticky errors stay for every call until fake_reset.
//   - A capture freezes parameters; what may not be captured spoils it.
//   - Launches go to a callback, with the text of the module.
//
// Any call can be made to fail: FAKE_CUDA_FAIL=function:nth:code, nth from 1, or
// fake_fail. FAKE_CUDA_VERSION and other variables are listed at settings.

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int R;
typedef uint64_t D;

enum { OK, INVALID = 1, NOMEM = 2, NODEV = 100, BADDEV = 101, BADIMAGE = 200, BADCTX = 201, NOBIN = 209, BADPTX = 218, NEWPTX = 222, BADHANDLE = 400,
	NOTFOUND = 500, NOTREADY = 600, LOCKED = 712, NOTLOCKED = 713, NOTSUP = 801, NOCAPTURE = 900, SPOILED = 901 };

// ---- settings ----

static long version, devices, memory, capability, mode, mps, register_fails, ptxversion;
static struct { const char *name; long *value, def; } settings[] = {
	{"VERSION", &version, 12040},            // CUDA
	{"DEVICES", &devices, 1},
	{"MEMORY", &memory, 1l << 30},           // bytes of each
	{"CAPABILITY", &capability, 90},
	{"MODE", &mode, 0},                      // compute mode: 2 prohibited, 3 exclusive and taken
	{"MPS", &mps, 0},
	{"REGISTER_FAILS", &register_fails, 0},  // cuMemHostRegister is not supported
	{"PTX_VERSION", &ptxversion, 84},
};

static pthread_mutex_t lock;
static char fail_name[64];
static long fail_nth, fail_code;
static int sticky;
static long after_loss;
static struct { const char *name; long n; } counts[64];

static void defaults(void) {
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		char name[64];
		snprintf(name, sizeof name, "FAKE_CUDA_%s", settings[i].name);
		char *e = getenv(name);
		*settings[i].value = e ? atol(e) : settings[i].def;
	}
	fail_nth = 0;
	char *e = getenv("FAKE_CUDA_FAIL");
	if (e) sscanf(e, "%63[^:]:%ld:%ld", fail_name, &fail_nth, &fail_code);
}

__attribute__((constructor)) static void start(void) {
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&lock, &a);
	defaults();
}

static int is_sticky(int c) { return c == 214 || c == 700 || c == 702 || c == 710 || (c >= 714 && c <= 719) || c == 810 || c == 999; }

// ---- objects ----

enum { MEMORY, HOST, REGISTERED, STREAM, EVENT, MODULE, GRAPH, EXEC };

struct context { int refs; };
struct object { int kind; struct context *c; struct object *next; };
static struct object *all;
static struct context contexts[16];
static __thread struct context *current;

struct range { struct object o; D at; char *host; size_t n; };
struct module { struct object o; char *ptx; struct kernel *kernels; };
struct kernel { struct module *m; char name[128]; int nparams; size_t off[64], size[64], bytes, shared; long dynamic; struct kernel *next; };

enum { COPY, SET, LAUNCH, CALLED, RECORD, WAIT };
struct op {
	int kind;
	char *dst; const char *src; size_t n; int value;       // COPY, SET
	struct kernel *k; uint32_t dims[7];                        // LAUNCH
	void (*f)(void *);                                         // CALLED
	char *params; size_t bytes;                                // of LAUNCH, CALLED
	struct event *e; long seq;                                     // RECORD, WAIT
	struct op *next;
};
struct stream { struct object o; struct op *head, *tail; int capturing, spoiled; };
struct event { struct object o; struct stream *s; long recorded, done; struct timespec when; };
struct graph { struct object o; struct op *head; };

static D next_at = 0x7f0000000000;
static size_t used;
static long sequence, leaked;

typedef int (*launcher)(const char *ptx, const char *name, const uint32_t *dims, const char *params, size_t bytes);
static launcher handler;

static void *add(int kind, size_t size) {
	struct object *o = calloc(1, size);
	o->kind = kind, o->c = current, o->next = all, all = o;
	return o;
}

static int is(void *p, int kind) {
	for (struct object *o = all; o; o = o->next) if (o == p) return o->kind == kind && o->c == current;
	return 0;
}

static void drop(void *p) {
	for (struct object **o = &all; *o; o = &(*o)->next) if (*o == p) {
		*o = (*o)->next;
		free(p);
		return;
	}
}

static struct range *range_of(int kind, D at, size_t n) {
	for (struct object *o = all; o; o = o->next) if (o->kind == kind && o->c == current) {
		struct range *r = (struct range *)o;
		if (at >= r->at && at - r->at <= r->n && n <= r->n - (at - r->at)) return r;
	}
	return 0;
}

static char *device(D at, size_t n) {
	struct range *r = range_of(MEMORY, at, n);
	return r ? r->host + (at - r->at) : 0;
}

static int page_locked(const void *p, size_t n) { return range_of(HOST, (D)p, n) || range_of(REGISTERED, (D)p, n); }

static void free_ops(struct op *q) {
	while (q) {
		struct op *next = q->next;
		free(q->params), free(q);
		q = next;
	}
}

// ---- the calls' preamble ----

static R enter(const char *name, int needs) {
	for (int i = 0; i < 64; i++) {
		if (!counts[i].name) counts[i].name = name;
		if (!strcmp(counts[i].name, name)) { counts[i].n++; break; }
	}
	if (sticky) { after_loss++; return sticky; }
	if (fail_nth > 0 && !strcmp(name, fail_name) && --fail_nth == 0) {
		if (is_sticky(fail_code)) sticky = fail_code;
		return fail_code;
	}
	if (needs && (!current || !current->refs)) return BADCTX;
	return OK;
}

static void unlock(pthread_mutex_t **m) { pthread_mutex_unlock(*m); }
#define CALL(needs) \
	__attribute__((cleanup(unlock))) pthread_mutex_t *held = &lock; \
	pthread_mutex_lock(held); \
	{ R r_ = enter(__func__, needs); if (r_) return r_; }

// spoil is what an unsafe call does to the captures there are.
static int spoil(void) {
	int any = 0;
	for (struct object *o = all; o; o = o->next) if (o->kind == STREAM && ((struct stream *)o)->capturing)
		((struct stream *)o)->spoiled = any = 1;
	return any;
}
#define UNSAFE if (spoil()) return NOCAPTURE

// ---- queues ----

static R run(struct stream *s, struct event *until, long seq);

static R perform(struct op *q) {
	switch (q->kind) {
	case COPY: memcpy(q->dst, q->src, q->n); break;
	case SET: memset(q->dst, q->value, q->n); break;
	case LAUNCH: {
		R r = handler ? handler(q->k->m->ptx, q->k->name, q->dims, q->params, q->bytes) : OK;
		if (is_sticky(r)) sticky = r;
		return r;
	}
	case CALLED: q->f(q->params); break;
	case RECORD:
		q->e->done = q->seq;
		clock_gettime(CLOCK_MONOTONIC, &q->e->when);
		break;
	case WAIT:
		if (q->e->done < q->seq) return run(q->e->s, q->e, q->seq);
	}
	return OK;
}

static R run(struct stream *s, struct event *until, long seq) {
	while (s->head && !(until && until->done >= seq)) {
		struct op *q = s->head;
		if (!(s->head = q->next)) s->tail = 0;
		q->next = 0;
		R r = perform(q);
		free_ops(q);
		if (r) return r;
	}
	return OK;
}

static R put(struct stream *s, struct op q) {
	if (!is(s, STREAM)) return BADHANDLE;
	struct op *p = malloc(sizeof *p);
	*p = q;
	if (s->tail) s->tail->next = p; else s->head = p;
	s->tail = p;
	return OK;
}

// busy reports whether work is queued.
static int busy(void) {
	for (struct object *o = all; o; o = o->next) if (o->kind == STREAM && o->c == current && ((struct stream *)o)->head) return 1;
	return 0;
}
#define IDLE if (busy()) return INVALID

// ---- driver, devices ----

R cuDriverGetVersion(int *v) { CALL(0); *v = version; return OK; }
R cuInit(unsigned flags) { CALL(0); return flags ? INVALID : devices ? OK : NODEV; }
R cuDeviceGetCount(int *n) { CALL(0); *n = devices; return OK; }
R cuDeviceGet(int *d, int i) { CALL(0); if (i < 0 || i >= devices) return BADDEV; *d = i; return OK; }

R cuDeviceGetName(char *b, int n, int d) {
	CALL(0);
	snprintf(b, n, d ? "Fake H100 MIG 1g.10gb" : "Fake H100");
	return OK;
}

R cuDeviceGetUuid_v2(unsigned char *b, int d) {
	CALL(0);
	for (int i = 0; i < 16; i++) b[i] = 16 * d + i;
	return OK;
}

R cuDeviceGetPCIBusId(char *b, int n, int d) { CALL(0); snprintf(b, n, "0000:%02X:00.0", 0x3a + d); return OK; }
R cuDeviceTotalMem_v2(size_t *n, int d) { CALL(0); *n = memory; return OK; }

R cuDeviceGetAttribute(int *v, int a, int d) {
	CALL(0);
	switch (a) {
	case 1: *v = 1024; return OK;
	case 16: *v = 132; return OK;
	case 20: *v = mode; return OK;
	case 38: *v = 50 << 20; return OK;
	case 75: *v = capability / 10; return OK;
	case 76: *v = capability % 10; return OK;
	case 97: *v = 232448; return OK;
	case 133: *v = mps; return OK;
	}
	return INVALID;
}

// ---- contexts ----

R cuDevicePrimaryCtxRetain(void **c, int d) {
	CALL(0);
	if (d < 0 || d >= devices) return BADDEV;
	if (mode == 3) return 46;
	contexts[d].refs++;
	*c = &contexts[d];
	return OK;
}

// The last release destroys what is left; fake_leaked says how much that was.
R cuDevicePrimaryCtxRelease_v2(int d) {
	CALL(0);
	if (d < 0 || d >= devices || !contexts[d].refs) return BADCTX;
	if (--contexts[d].refs) return OK;
	for (struct object *o = all, *next; o; o = next) {
		next = o->next;
		if (o->c != &contexts[d]) continue;
		if (o->kind == MEMORY || o->kind == HOST) free(((struct range *)o)->host);
		if (o->kind == MEMORY) used -= ((struct range *)o)->n;
		leaked++;
		drop(o);
	}
	return OK;
}

R cuCtxSetCurrent(void *c) { CALL(0); current = c; return OK; }

// ---- memory ----

R cuMemGetInfo_v2(size_t *free_, size_t *total) { CALL(1); *free_ = memory - used; *total = memory; return OK; }

R cuMemAlloc_v2(D *p, size_t n) {
	CALL(1);
	UNSAFE;
	if (!n) return INVALID;
	if (n > memory - used) return NOMEM;
	struct range *r = add(MEMORY, sizeof *r);
	r->at = next_at, r->n = n, r->host = malloc(n);
	next_at += (n + (1 << 20)) / 256 * 256;
	memset(r->host, 0xA5, n);
	used += n;
	*p = r->at;
	return OK;
}

R cuMemFree_v2(D p) {
	CALL(1);
	UNSAFE;
	struct range *r = range_of(MEMORY, p, 0);
	if (!r || r->at != p) return INVALID;
	IDLE;
	used -= r->n;
	free(r->host);
	drop(r);
	return OK;
}

R cuMemHostAlloc(void **p, size_t n, unsigned flags) {
	CALL(1);
	UNSAFE;
	struct range *r = add(HOST, sizeof *r);
	if (posix_memalign((void **)&r->host, 4096, n)) return drop(r), NOMEM;
	memset(r->host, 0xA5, n);
	r->at = (D)r->host, r->n = n;
	*p = r->host;
	return OK;
}

R cuMemFreeHost(void *p) {
	CALL(1);
	UNSAFE;
	struct range *r = range_of(HOST, (D)p, 0);
	if (!r || r->host != p) return INVALID;
	IDLE;
	free(r->host);
	drop(r);
	return OK;
}

R cuMemHostRegister_v2(void *p, size_t n, unsigned flags) {
	CALL(1);
	UNSAFE;
	if (register_fails) return NOTSUP;
	if (page_locked(p, 1)) return LOCKED;
	struct range *r = add(REGISTERED, sizeof *r);
	r->at = (D)p, r->n = n;
	return OK;
}

R cuMemHostUnregister(void *p) {
	CALL(1);
	UNSAFE;
	struct range *r = range_of(REGISTERED, (D)p, 0);
	if (!r || r->at != (D)p) return NOTLOCKED;
	IDLE;
	drop(r);
	return OK;
}

// A copy into memory that is not page-locked is done before it returns.
static R copy(struct stream *s, char *dst, const char *src, size_t n, const void *host, int out) {
	if (!dst || !src || !n) return INVALID;
	int pageable = host && !page_locked(host, n);
	if (pageable && s->capturing) { s->spoiled = 1; return NOCAPTURE; }
	R r = put(s, (struct op){COPY, .dst = dst, .src = src, .n = n});
	return !r && pageable && out ? run(s, 0, 0) : r;
}

R cuMemcpyHtoDAsync_v2(D d, const void *h, size_t n, void *s) { CALL(1); return is(s, STREAM) ? copy(s, device(d, n), h, n, h, 0) : BADHANDLE; }
R cuMemcpyDtoHAsync_v2(void *h, D d, size_t n, void *s) { CALL(1); return is(s, STREAM) ? copy(s, h, device(d, n), n, h, 1) : BADHANDLE; }
R cuMemcpyDtoDAsync_v2(D a, D b, size_t n, void *s) { CALL(1); return is(s, STREAM) ? copy(s, device(a, n), device(b, n), n, 0, 0) : BADHANDLE; }

R cuMemsetD8Async(D d, unsigned char v, size_t n, void *s) {
	CALL(1);
	struct op q = {SET, .dst = device(d, n), .n = n, .value = v};
	return q.dst ? put(s, q) : INVALID;
}

// ---- streams, events ----

// Streams that wait for the default stream are not made.
R cuStreamCreate(void **s, unsigned flags) { CALL(1); if (flags != 1) return INVALID; *s = add(STREAM, sizeof(struct stream)); return OK; }

R cuStreamDestroy_v2(void *s) {
	CALL(1);
	if (!is(s, STREAM)) return BADHANDLE;
	R r = run(s, 0, 0);
	if (r) return r;
	drop(s);
	return OK;
}

R cuStreamSynchronize(struct stream *s) {
	CALL(1);
	if (!is(s, STREAM)) return BADHANDLE;
	if (s->capturing) { s->spoiled = 1; return NOCAPTURE; }
	return run(s, 0, 0);
}

R cuEventCreate(void **e, unsigned flags) { CALL(1); *e = add(EVENT, sizeof(struct event)); return OK; }

R cuEventDestroy_v2(struct event *e) {
	CALL(1);
	if (!is(e, EVENT)) return BADHANDLE;
	IDLE;
	drop(e);
	return OK;
}

R cuEventRecord(struct event *e, struct stream *s) {
	CALL(1);
	if (!is(e, EVENT) || !is(s, STREAM)) return BADHANDLE;
	struct op q = {RECORD, .e = e, .seq = ++sequence};
	e->s = s, e->recorded = q.seq;
	return put(s, q);
}

R cuStreamWaitEvent(struct stream *s, struct event *e, unsigned flags) {
	CALL(1);
	if (!is(e, EVENT) || !is(s, STREAM)) return BADHANDLE;
	struct op q = {WAIT, .e = e, .seq = e->recorded};
	return e->recorded ? put(s, q) : OK;
}

R cuEventSynchronize(struct event *e) {
	CALL(1);
	if (!is(e, EVENT)) return BADHANDLE;
	return e->done < e->recorded ? run(e->s, e, e->recorded) : OK;
}

R cuEventElapsedTime(float *ms, struct event *a, struct event *b) {
	CALL(1);
	if (!is(a, EVENT) || !is(b, EVENT) || !a->recorded || !b->recorded) return BADHANDLE;
	if (a->done < a->recorded || b->done < b->recorded) return NOTREADY;
	*ms = (b->when.tv_sec - a->when.tv_sec) * 1e3f + (b->when.tv_nsec - a->when.tv_nsec) / 1e6f;
	return OK;
}

// ---- modules, launches ----

static R refuse(R code, const char *why, unsigned n, const int *options, void **values) {
	char *log = 0;
	size_t size = 0;
	for (unsigned i = 0; i < n; i++) {
		if (options[i] == 5) log = values[i];
		if (options[i] == 6) size = (size_t)values[i];
	}
	if (log) snprintf(log, size, "ptxas application ptx input, line 1; fatal   : %s\nptxas fatal   : Ptx assembly aborted due to errors\n", why);
	return code;
}

R cuModuleLoadDataEx(void **m, const char *text, unsigned n, int *options, void **values) {
	CALL(1);
	const char *v = strstr(text, ".version "), *t = strstr(text, ".target sm_");
	int major, minor, sm;
	if (!v || sscanf(v, ".version %d.%d", &major, &minor) != 2 || !t || sscanf(t, ".target sm_%d", &sm) != 1)
		return refuse(BADPTX, "Missing .version or .target directive", n, options, values);
	if (10 * major + minor > ptxversion) return refuse(NEWPTX, "Unsupported .version", n, options, values);
	if (sm > capability || (strstr(t, "a\n") == t + strcspn(t, "a\n") && sm != capability)) return NOBIN;
	struct module *x = add(MODULE, sizeof *x);
	x->ptx = strdup(text);
	*m = x;
	return OK;
}

R cuModuleUnload(struct module *m) {
	CALL(1);
	if (!is(m, MODULE)) return BADHANDLE;
	IDLE;
	for (struct kernel *k = m->kernels, *next; k; k = next) next = k->next, free(k);
	free(m->ptx);
	drop(m);
	return OK;
}

static int kernel_is(struct kernel *k) {
	for (struct object *o = all; o; o = o->next) if (o->kind == MODULE)
		for (struct kernel *q = ((struct module *)o)->kernels; q; q = q->next) if (q == k) return 1;
	return 0;
}

static size_t width(const char *type) { return atoi(type + strcspn(type, "0123456789")) / 8; }

// One parameter is ".param [.align N] .TYPE name[[SIZE]]".
static void parse_params(struct kernel *k, const char *p) {
	const char *end = strchr(p, ')');
	while ((p = strstr(p, ".param")) && p < end && k->nparams < 64) {
		p += strlen(".param") + strspn(p + strlen(".param"), " \t");
		size_t align = 0;
		if (!strncmp(p, ".align", 6)) {
			align = atoi(p + 6);
			p = strchr(p + 1, '.');
		}
		size_t n = width(p), stop = strcspn(p, ",)");
		if (!align) align = n;
		const char *bracket = memchr(p, '[', stop);
		if (bracket) n *= atoi(bracket + 1);
		k->bytes = (k->bytes + align - 1) / align * align;
		k->off[k->nparams] = k->bytes, k->size[k->nparams++] = n;
		k->bytes += n;
		p += stop;
	}
}

R cuModuleGetFunction(void **f, struct module *m, const char *name) {
	CALL(1);
	if (!is(m, MODULE)) return BADHANDLE;
	char head[200];
	snprintf(head, sizeof head, ".entry %s(", name);
	const char *p = strstr(m->ptx, head);
	if (!p) return NOTFOUND;
	struct kernel *k = calloc(1, sizeof *k);
	k->m = m, k->next = m->kernels, m->kernels = k;
	snprintf(k->name, sizeof k->name, "%s", name);
	parse_params(k, p);
	for (const char *s = m->ptx; (s = strstr(s, ".shared ")); s++) {
		const char *b = strchr(s, '['), *e = strchr(s, ';');
		if (b && b < e && b[1] != ']') k->shared += atoi(b + 1) * width(strstr(s, " .b") ? strstr(s, " .b") : " 8");
	}
	k->dynamic = 49152 - k->shared;
	*f = k;
	return OK;
}

R cuFuncGetAttribute(int *v, int a, struct kernel *k) {
	CALL(1);
	if (!kernel_is(k)) return BADHANDLE;
	switch (a) {
	case 0: *v = 1024; return OK;
	case 1: *v = k->shared; return OK;
	case 3: *v = 0; return OK;
	case 4: *v = 32; return OK;
	}
	return INVALID;
}

R cuFuncSetAttribute(struct kernel *k, int a, int v) {
	CALL(1);
	if (!kernel_is(k)) return BADHANDLE;
	if (a != 8 || v < 0 || v + k->shared > 232448) return INVALID;
	k->dynamic = v;
	return OK;
}

R cuFuncGetParamInfo(struct kernel *k, size_t i, size_t *off, size_t *size) {
	CALL(1);
	if (!kernel_is(k)) return BADHANDLE;
	if (i >= (size_t)k->nparams) return INVALID;
	*off = k->off[i], *size = k->size[i];
	return OK;
}

R cuLaunchKernel(struct kernel *k, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, struct stream *s, void **params, void **extra) {
	CALL(1);
	if (!kernel_is(k) || !is(s, STREAM)) return BADHANDLE;
	if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || !bx || !by || !bz || (uint64_t)bx * by * bz > 1024 || shared > k->dynamic) return INVALID;
	if (params || !extra || (size_t)extra[0] != 1 || (size_t)extra[2] != 2 || extra[4]) return INVALID;
	if (*(size_t *)extra[3] != k->bytes) return INVALID;
	struct op q = {LAUNCH, .k = k, .dims = {gx, gy, gz, bx, by, bz, shared}, .params = malloc(k->bytes + 1), .bytes = k->bytes};
	memcpy(q.params, extra[1], k->bytes);
	return put(s, q);
}

// ---- graphs ----

R cuStreamBeginCapture_v2(struct stream *s, int capture_mode) {
	CALL(1);
	if (!is(s, STREAM)) return BADHANDLE;
	if (s->capturing) return 401;
	R r = run(s, 0, 0);
	if (r) return r;
	s->capturing = 1, s->spoiled = 0;
	return OK;
}

R cuStreamEndCapture(struct stream *s, void **g) {
	CALL(1);
	if (!is(s, STREAM)) return BADHANDLE;
	*g = 0;
	if (!s->capturing) return 401;
	struct op *ops = s->head;
	s->head = s->tail = 0;
	s->capturing = 0;
	if (s->spoiled) { free_ops(ops); return SPOILED; }
	struct graph *x = add(GRAPH, sizeof *x);
	x->head = ops;
	*g = x;
	return OK;
}

static struct op *duplicate(const struct op *q) {
	struct op *head = 0, **to = &head;
	for (; q; q = q->next) {
		struct op *p = malloc(sizeof *p);
		*p = *q, p->next = 0;
		if (q->params) memcpy(p->params = malloc(q->bytes + 1), q->params, q->bytes);
		*to = p, to = &p->next;
	}
	return head;
}

R cuGraphInstantiateWithFlags(void **x, struct graph *g, unsigned long long flags) {
	CALL(1);
	if (!is(g, GRAPH)) return BADHANDLE;
	struct graph *e = add(EXEC, sizeof *e);
	e->head = duplicate(g->head);
	*x = e;
	return OK;
}

static R destroy(struct graph *g, int kind) {
	if (!is(g, kind)) return BADHANDLE;
	free_ops(g->head);
	drop(g);
	return OK;
}
R cuGraphDestroy(struct graph *g) { CALL(1); return destroy(g, GRAPH); }
R cuGraphExecDestroy(struct graph *g) { CALL(1); IDLE; return destroy(g, EXEC); }

R cuGraphLaunch(struct graph *g, struct stream *s) {
	CALL(1);
	if (!is(g, EXEC) || !is(s, STREAM)) return BADHANDLE;
	for (struct op *q = g->head; q; q = q->next) if (q->k && !kernel_is(q->k)) return BADHANDLE;
	struct op *ops = duplicate(g->head), *next;
	for (; ops; ops = next) {
		next = ops->next, ops->next = 0;
		R r = put(s, *ops);
		free(ops);
		if (r) return r;
	}
	return OK;
}

// ---- for other stand-ins ----

// fake_device is the host memory behind a range of device memory, or null.
void *fake_device(D at, size_t n) {
	for (struct object *o = all; o; o = o->next) if (o->kind == MEMORY) {
		struct range *r = (struct range *)o;
		if (at >= r->at && at - r->at <= r->n && n <= r->n - (at - r->at)) return r->host + (at - r->at);
	}
	return 0;
}

// fake_queue queues f with a copy of its data, as a library of NVIDIA's does with a
// kernel of its own.
int fake_queue(void *s, void (*f)(void *), const void *data, size_t n) {
	if (!is(s, STREAM)) return BADHANDLE;
	struct op q = {CALLED, .f = f, .params = malloc(n), .bytes = n};
	memcpy(q.params, data, n);
	return put(s, q);
}

// ---- for tests ----

void fake_reset(void) {
	memset(counts, 0, sizeof counts);
	sticky = 0, after_loss = 0, leaked = 0, handler = 0, used = 0;
	while (all) {
		if (all->kind == MEMORY || all->kind == HOST) free(((struct range *)all)->host);
		drop(all);
	}
	memset(contexts, 0, sizeof contexts);
	defaults();
}

void fake_fail(const char *name, long nth, long code) { snprintf(fail_name, sizeof fail_name, "%s", name), fail_nth = nth, fail_code = code; }
long fake_pending(void) { return fail_nth; }
long fake_leaked(void) { return leaked; }
long fake_after_loss(void) { return after_loss; }

long fake_live(void) {
	long n = 0;
	for (struct object *o = all; o; o = o->next) n++;
	for (int i = 0; i < 16; i++) n += contexts[i].refs;
	return n;
}

int fake_set(const char *name, long value) {
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (!strcmp(settings[i].name, name)) { *settings[i].value = value; return 1; }
	return 0;
}

void fake_launcher(launcher h) { handler = h; }
const char *fake_count(long i, long *n) { *n = counts[i].n; return counts[i].name; }

// fake_range gives the i-th device allocation there is.
long fake_range(long i, D *at, void **host, size_t *n) {
	for (struct object *o = all; o; o = o->next) if (o->kind == MEMORY && !i--) {
		struct range *r = (struct range *)o;
		*at = r->at, *host = r->host, *n = r->n;
		return 1;
	}
	return 0;
}

const char *fake_env(const char *name) { return getenv(name); }

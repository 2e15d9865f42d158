// A stand-in for libnvidia-ml.so.1 with three cards: one with everything, one
// divided into two instances, and an old one that says little.
// FAKE_NVML_FAIL=function:code makes a function fail; after a failed nvmlInit_v2
// every other call is counted as one that ends the process.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int R;
enum { OK, UNINIT, INVALID, NOTSUP, NOPERM, NOTFOUND = 6, SIZE = 7 };

struct card { const char *uuid, *name; uint64_t total, used; int mig, full; struct card *instances[7]; };
static struct card i1 = {"MIG-aaaa", "Fake H100 MIG 3g.40gb", 40ul << 30, 1 << 20, 0, 0, {0}};
static struct card i2 = {"MIG-bbbb", "Fake H100 MIG 1g.10gb", 10ul << 30, 2 << 20, 0, 0, {0}};
static struct card cards[] = {
	{"GPU-1111", "Fake H100", 80ul << 30, 3ul << 30, 0, 1, {0}},
	{"GPU-2222", "Fake H100", 80ul << 30, 0, 1, 1, {&i1, 0, 0, &i2}},
	{"GPU-3333", "Fake GTX", 8ul << 30, 0, -1, 0, {0}},
};

static int open_, failed;
static long wrong;
static uint64_t energy = 5000;

long fakenvml_wrong(void) { return wrong; }
long fakenvml_open(void) { return open_; }

static R enter(const char *name) {
	if (failed || (!open_ && strcmp(name, "nvmlInit_v2"))) { wrong++; return UNINIT; }
	char *e = getenv("FAKE_NVML_FAIL");
	size_t n = strlen(name);
	if (e && !strncmp(e, name, n) && e[n] == ':') return atoi(e + n + 1);
	return OK;
}
#define CALL R r_ = enter(__func__); if (r_) return r_

R nvmlInit_v2(void) {
	R r = enter(__func__);
	failed = r != OK;
	if (!r) open_++;
	return r;
}
R nvmlShutdown(void) { CALL; open_--; return OK; }
R nvmlSystemGetDriverVersion(char *v, unsigned n) { CALL; snprintf(v, n, "550.163.01"); return OK; }
R nvmlDeviceGetCount_v2(unsigned *n) { CALL; *n = 3; return OK; }
R nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { CALL; if (i > 2) return INVALID; *d = &cards[i]; return OK; }
R nvmlDeviceGetUUID(struct card *d, char *s, unsigned n) { CALL; snprintf(s, n, "%s", d->uuid); return OK; }
R nvmlDeviceGetName(struct card *d, char *s, unsigned n) { CALL; snprintf(s, n, "%s", d->name); return OK; }

R nvmlDeviceGetMemoryInfo(struct card *d, uint64_t *m) {
	CALL;
	m[0] = d->total, m[1] = d->total - d->used, m[2] = d->used;
	return OK;
}

R nvmlDeviceGetMigMode(struct card *d, unsigned *now, unsigned *next) {
	CALL;
	if (d->mig < 0) return NOTSUP;
	*now = *next = d->mig;
	return OK;
}
R nvmlDeviceGetMaxMigDeviceCount(struct card *d, unsigned *n) { CALL; *n = 7; return OK; }

R nvmlDeviceGetMigDeviceHandleByIndex(struct card *d, unsigned i, void **x) {
	CALL;
	if (i > 6) return INVALID;
	if (!d->instances[i]) return NOTFOUND;
	*x = d->instances[i];
	return OK;
}

R nvmlDeviceGetUtilizationRates(struct card *d, unsigned *u) { CALL; if (!d->full || d->mig) return NOTSUP; u[0] = 42, u[1] = 7; return OK; }
R nvmlDeviceGetPowerUsage(struct card *d, unsigned *mw) { CALL; if (!d->full) return NOTSUP; *mw = 350000; return OK; }
R nvmlDeviceGetTotalEnergyConsumption(struct card *d, uint64_t *mj) { CALL; if (!d->full) return NOTSUP; *mj = energy += 1000; return OK; }

R nvmlDeviceGetTotalEccErrors(struct card *d, int type, int counter, uint64_t *n) {
	CALL;
	if (!d->full) return NOTSUP;
	if (type != 1 || counter != 0) return INVALID;
	*n = 2;
	return OK;
}

struct process { unsigned pid; uint64_t memory; unsigned gi, ci; };

static R list(unsigned *n, struct process *p, const struct process *all, unsigned have) {
	unsigned room = *n;
	*n = have;
	if (room < have) return SIZE;
	memcpy(p, all, have * sizeof *p);
	return OK;
}

R nvmlDeviceGetComputeRunningProcesses_v3(struct card *d, unsigned *n, struct process *p) {
	CALL;
	static const struct process all[] = {{100, 1ul << 30, -1u, -1u}, {101, -1ul, -1u, -1u}};
	return list(n, p, all, d == cards ? 2 : 0);
}

R nvmlDeviceGetGraphicsRunningProcesses_v3(struct card *d, unsigned *n, struct process *p) {
	CALL;
	static const struct process all[] = {{7, 64 << 20, -1u, -1u}};
	return list(n, p, all, d == cards ? 1 : 0);
}

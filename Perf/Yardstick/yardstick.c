/*
 * The yardstick: what a backend in C needs for one request, and nothing more.
 *
 * The page and the checks of served.h, the same event channels as the loopback of this project: a pending and a masked bit for each port, a ready bit
 * for each, an eventfd that is written only while the reader sleeps.
 *
 *   yardstick --table FILE --mode engine   [--seconds S] [--dwords N]             one thread; a request and its service, no events
 *   yardstick --table FILE --mode loopback [--seconds S] [--guests N] [--spin US] two threads; round trips as the guests' thread sees them
 *
 * The table has four 32-bit words for each dword of configuration space: the value in memory, the bits that memory answers, the bits that a guest may
 * write there, and the value that hardware has. Prints one JSON object. --raw FILE keeps every round trip, one number of nanoseconds a line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "served.h"

/* A function whose hardware is a table. */

static uint32_t hardware_of(struct function *f, int dword)
{
	f->accesses++;
	return f->regs[dword].hardware;
}

static uint32_t (*volatile read_hardware)(struct function *, int) = hardware_of;

/* One simulated guest. */

struct guest {
	struct seen seen;
	struct op own;         /* the frontend's own copy */
	uint32_t expected;     /* what the frontend must read */
	int dword;             /* where it is in its listing */
	uint64_t posted;       /* when */
	bool hot;              /* the backend still looks at its page */
	/* Each alone on its lines: the two ends must not slow each other down. */
	_Alignas(128) _Atomic uint32_t to_backend;
	_Alignas(128) _Atomic uint32_t to_guest;
};

/* Event channels. */

enum { PENDING = 1, MASKED = 2 };

/* One end's descriptor: which ports are ready, and how its reader sleeps. */
struct events {
	_Alignas(128) _Atomic uint64_t ready;
	_Alignas(128) _Atomic uint32_t sleeping;
	int fd;
};

static void wake(struct events *e)
{
	uint64_t one = 1;

	if (!atomic_load(&e->sleeping))
		return;
	if (atomic_exchange(&e->sleeping, 0) == 1)
		while (write(e->fd, &one, sizeof one) < 0 && errno == EINTR)
			;
}

static void notify(struct events *e, _Atomic uint32_t *port, int number)
{
	if (atomic_fetch_or(port, PENDING) == 0) {
		atomic_fetch_or(&e->ready, 1ull << number);
		wake(e);
	}
}

static bool take(struct events *e, _Atomic uint32_t *port, int number)
{
	uint32_t pending = PENDING;

	atomic_fetch_and(&e->ready, ~(1ull << number));
	return atomic_compare_exchange_strong(port, &pending, MASKED);
}

static void unmask(struct events *e, _Atomic uint32_t *port, int number)
{
	if (atomic_fetch_and(port, ~(uint32_t)MASKED) == (MASKED | PENDING))
		atomic_fetch_or(&e->ready, 1ull << number);
}

static uint64_t wait_for(struct events *e, const _Atomic bool *stop)
{
	uint64_t ready, count;

	while (!(ready = atomic_load(&e->ready)) && !atomic_load(stop)) {
		/* This end says that it sleeps, then looks; the other leaves work, then looks whether this end sleeps. */
		atomic_exchange(&e->sleeping, 1);
		if (atomic_load(&e->ready) || atomic_load(stop)) {
			atomic_store(&e->sleeping, 0);
			continue;
		}
		while (read(e->fd, &count, sizeof count) < 0 && errno == EINTR)
			;
		atomic_store(&e->sleeping, 0);
	}
	return ready;
}

/* The run. */

static struct guest *guests;
static int guest_count = 1;
static uint64_t spin_ns = 20000;
static int listed = 1024; /* a guest lists so many dwords again and again */
static struct events backend_events, guest_events;
static _Atomic bool stopping;

static void *backend(void *unused)
{
	(void)unused;
	while (!atomic_load(&stopping)) {
		uint64_t ready = wait_for(&backend_events, &stopping), last = now_ns();

		for (int i = 0; i < guest_count; i++)
			if ((ready >> i & 1) && take(&backend_events, &guests[i].to_backend, i))
				guests[i].hot = true;

		/* Guests scan their bus in bursts: keep looking at those just served, their ports still masked. */
		for (;;) {
			bool any = false;

			for (int i = 0; i < guest_count; i++)
				if (guests[i].hot && serve(&guests[i].seen)) {
					any = true;
					notify(&guest_events, &guests[i].to_guest, i);
				}
			uint64_t more = atomic_load_explicit(&backend_events.ready, memory_order_acquire);
			for (int i = 0; more && i < guest_count; i++)
				if ((more >> i & 1) && take(&backend_events, &guests[i].to_backend, i))
					guests[i].hot = true;
			uint64_t now = now_ns();
			if (any)
				last = now;
			else if (now - last >= spin_ns && !more)
				break;
			else
				relax();
		}

		/* And once more after the unmasking: a request between the last look and it would wait for ever. */
		for (int i = 0; i < guest_count; i++)
			if (guests[i].hot) {
				guests[i].hot = false;
				unmask(&backend_events, &guests[i].to_backend, i);
				if (serve(&guests[i].seen))
					notify(&guest_events, &guests[i].to_guest, i);
			}
	}
	return NULL;
}

/* Linux's frontend copies all 548 bytes, then sets the flag. */
static void post(struct guest *g, size_t bytes)
{
	struct function *f = g->seen.slots[0];
	struct reg *reg = &f->regs[g->dword];

	g->own.cmd = CONF_READ;
	g->own.domain = g->own.bus = g->own.devfn = 0;
	g->own.offset = g->dword * 4;
	g->own.size = 4;
	g->own.value = 0;
	g->expected = (reg->value & reg->memory) | (reg->hardware & ~reg->memory);
	g->dword = (g->dword + 1) * 4 < f->size && g->dword + 1 < listed ? g->dword + 1 : 0;
	memcpy(&g->seen.page->op, &g->own, bytes);
	atomic_fetch_or(&g->seen.page->flags, ACTIVE);
}

static bool take_answer(struct guest *g, size_t bytes)
{
	if (atomic_load_explicit(&g->seen.page->flags, memory_order_acquire) & ACTIVE)
		return false;
	memcpy(&g->own, &g->seen.page->op, bytes);
	if (g->own.err != SUCCESS || g->own.value != g->expected) {
		fprintf(stderr, "yardstick: offset 0x%x answered %d, 0x%08x instead of 0x%08x\n", (unsigned)g->own.offset, (int)g->own.err,
			(unsigned)g->own.value, (unsigned)g->expected);
		exit(1);
	}
	return true;
}

static void *allocate(size_t count, size_t size)
{
	void *memory = aligned_alloc(4096, (count * size + 4095) / 4096 * 4096);

	if (!memory) {
		fprintf(stderr, "yardstick: no memory\n");
		exit(1);
	}
	return memset(memory, 0, (count * size + 4095) / 4096 * 4096);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void run_engine(double seconds)
{
	struct guest *g = &guests[0];
	uint64_t count = 0, start, end;

	for (int round = 0; round < 2; round++) {
		/* The first fifth warms up. */
		double length = round == 0 ? seconds / 5 : seconds;

		count = 0;
		start = now_ns();
		do {
			for (int i = 0; i < 1000; i++, count++) {
				post(g, offsetof(struct op, msix));
				serve(&g->seen);
				take_answer(g, offsetof(struct op, msix));
			}
			end = now_ns();
		} while (end - start < (uint64_t)(length * 1e9));
	}
	printf("{\"mode\":\"engine\",\"operations\":%llu,\"ns_per_operation\":%.2f}\n", (unsigned long long)count, (double)(end - start) / (double)count);
}

static void run_loopback(double seconds, const char *raw)
{
	size_t room = (size_t)(seconds * 2e6) + 1000000, count = 0;
	uint32_t *samples = allocate(room, sizeof *samples);
	pthread_t thread;
	uint64_t start, begin, end, now;

	backend_events.fd = eventfd(0, EFD_CLOEXEC);
	guest_events.fd = eventfd(0, EFD_CLOEXEC);
	if (backend_events.fd < 0 || guest_events.fd < 0 || pthread_create(&thread, NULL, backend, NULL)) {
		perror("yardstick");
		exit(1);
	}
	start = now = now_ns();
	begin = start + (uint64_t)(seconds / 5 * 1e9);
	end = begin + (uint64_t)(seconds * 1e9);
	for (int i = 0; i < guest_count; i++) {
		guests[i].posted = now_ns();
		post(&guests[i], sizeof(struct op));
		notify(&backend_events, &guests[i].to_backend, i);
	}
	static const _Atomic bool never;
	while (now < end) {
		uint64_t ready = wait_for(&guest_events, &never);

		for (int i = 0; i < guest_count; i++) {
			if (!(ready >> i & 1))
				continue;
			struct guest *g = &guests[i];
			if (take(&guest_events, &g->to_guest, i))
				unmask(&guest_events, &g->to_guest, i);
			now = now_ns();
			if (!take_answer(g, sizeof(struct op)))
				continue;
			if (now >= begin && count < room) {
				uint64_t took = now - g->posted;
				samples[count++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
			}
			g->posted = now_ns();
			post(g, sizeof(struct op));
			notify(&backend_events, &g->to_backend, i);
		}
	}
	atomic_store(&stopping, true);
	uint64_t one = 1;
	if (write(backend_events.fd, &one, sizeof one) < 0)
		perror("yardstick");
	pthread_join(thread, NULL);
	if (raw) {
		FILE *file = fopen(raw, "w");

		if (!file) {
			perror(raw);
			exit(1);
		}
		for (size_t i = 0; i < count; i++)
			fprintf(file, "%u\n", samples[i]);
		if (fclose(file)) {
			perror(raw);
			exit(1);
		}
	}
	if (!count) {
		fprintf(stderr, "yardstick: nothing was measured\n");
		exit(1);
	}
	qsort(samples, count, sizeof *samples, by_value);
	printf("{\"mode\":\"loopback\",\"operations\":%zu,\"operations_per_second\":%.1f,\"p50\":%u,\"p90\":%u,\"p99\":%u,\"p99_9\":%u,\"max\":%u}\n", count,
	       (double)count / seconds, samples[count / 2], samples[count * 9 / 10], samples[count * 99 / 100], samples[(size_t)((double)count * 0.999)],
	       samples[count - 1]);
}

static struct function load(const char *path)
{
	struct function f = { 0 };
	FILE *file = fopen(path, "r");
	struct reg *regs = allocate(1024, sizeof *regs);

	if (!file) {
		perror(path);
		exit(1);
	}
	while (f.size < 4096 && fscanf(file, "%x %x %x %x", &regs[f.size / 4].value, &regs[f.size / 4].memory, &regs[f.size / 4].writable,
				       &regs[f.size / 4].hardware) == 4)
		f.size += 4;
	fclose(file);
	if (f.size < 64) {
		fprintf(stderr, "yardstick: %s is no table of registers\n", path);
		exit(1);
	}
	f.regs = regs;
	return f;
}

int main(int argc, char **argv)
{
	const char *table = NULL, *mode = NULL, *raw = NULL;
	double seconds = 1;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--table"))
			table = argv[i + 1];
		else if (!strcmp(argv[i], "--mode"))
			mode = argv[i + 1];
		else if (!strcmp(argv[i], "--raw"))
			raw = argv[i + 1];
		else if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--guests"))
			guest_count = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--dwords"))
			listed = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--spin"))
			spin_ns = (uint64_t)atol(argv[i + 1]) * 1000;
		else
			table = NULL, i = argc;
	}
	bool engine = mode && !strcmp(mode, "engine"), loopback = mode && !strcmp(mode, "loopback");
	if (!table || !(engine || loopback) || argc % 2 == 0 || seconds <= 0 || seconds > 3600 || listed < 1 || guest_count < 1
	    || guest_count > 64) {
		fprintf(stderr, "usage: yardstick --table FILE --mode engine|loopback [--seconds S] [--dwords N] [--guests 1-64] [--spin US] [--raw FILE]\n");
		return 2;
	}

	guests = allocate((size_t)guest_count, sizeof *guests);
	for (int i = 0; i < guest_count; i++) {
		struct function *f = allocate(1, sizeof *f);

		*f = load(table);
		guests[i].seen.page = allocate(1, sizeof(struct page));
		guests[i].seen.slots[0] = f;
	}
	if (engine)
		run_engine(seconds);
	else
		run_loopback(seconds, raw);
	return 0;
}

/*
 * What a backend in C does with the shared page: the same struct xen_pci_sharedinfo as Xen's public header io/pciif.h has, and the checks that a correct
 * backend makes on its private copy (function, code, size, alignment, range, a filter by register, whether the request is still there when the answer is).
 * yardstick.c serves a simulated guest with it, xen.c a real one.
 */
#ifndef SERVED_H
#define SERVED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The shared page. */

enum { ACTIVE = 1 };
enum { CONF_READ = 0, CONF_WRITE = 1 };
enum { SUCCESS = 0, DEV_NOT_FOUND = -1, INVALID_OFFSET = -2, NOT_IMPLEMENTED = -4 };

struct op {
	uint32_t cmd;
	int32_t err;
	uint32_t domain, bus, devfn;
	int32_t offset, size;
	uint32_t value, info;
	struct { uint16_t vector, entry; } msix[128];
};

struct page {
	_Atomic uint32_t flags;
	struct op op;
	uint8_t unused[4096 - 4 - sizeof(struct op)];
};

_Static_assert(sizeof(struct op) == 548 && sizeof(struct page) == 4096, "layout of io/pciif.h");

/* What a decision may use: the request without its MSI-X entries, copied once, each field with one load. */
struct request {
	uint32_t cmd, domain, bus, devfn;
	int32_t offset, size;
	uint32_t value, info;
};

#define LOAD(field) (*(const volatile __typeof__(field) *)&(field))

static void copy(struct request *to, const struct op *from)
{
	to->cmd = LOAD(from->cmd);
	to->domain = LOAD(from->domain);
	to->bus = LOAD(from->bus);
	to->devfn = LOAD(from->devfn);
	to->offset = LOAD(from->offset);
	to->size = LOAD(from->size);
	to->value = LOAD(from->value);
	to->info = LOAD(from->info);
}

/* A function: its filter, and the hardware behind it. */

struct reg {
	uint32_t value, memory, writable, hardware;
};

struct function {
	int32_t size;
	struct reg *regs;
	uint64_t accesses;
	int file; /* where the hardware is, if it is a file */
};

/* What one guest sees: its page, and its functions on bus 0 of segment 0. */
struct seen {
	struct page *page;
	struct function *slots[256];
};

/* Through a pointer, because hardware is another piece of code: each program says which. */
static uint32_t (*volatile read_hardware)(struct function *, int);

static uint32_t lanes(int size)
{
	return size == 4 ? UINT32_MAX : (1u << (size * 8)) - 1;
}

static void answer(struct seen *g, const struct request *r, int32_t err, uint32_t value)
{
	struct op *op = &g->page->op;
	struct request now;

	/* A frontend gives up after two seconds: what is active now may be another request. */
	copy(&now, op);
	if (!(atomic_load_explicit(&g->page->flags, memory_order_acquire) & ACTIVE) || now.cmd != r->cmd || now.domain != r->domain || now.bus != r->bus
	    || now.devfn != r->devfn || now.offset != r->offset || now.size != r->size || (r->cmd == CONF_WRITE && now.value != r->value))
		return;
	*(volatile int32_t *)&op->err = err;
	*(volatile uint32_t *)&op->value = value;
	atomic_fetch_and(&g->page->flags, ~(uint32_t)ACTIVE);
}

/* Looks at the page, and serves the request that is there. */
static bool serve(struct seen *g)
{
	struct request r;
	struct function *f;

	if (!(atomic_load_explicit(&g->page->flags, memory_order_acquire) & ACTIVE))
		return false;
	copy(&r, &g->page->op);

	f = r.domain == 0 && r.bus == 0 && r.devfn < 256 ? g->slots[r.devfn] : NULL;
	if (!f) {
		answer(g, &r, DEV_NOT_FOUND, r.value);
		return true;
	}
	if (r.cmd > CONF_WRITE) {
		answer(g, &r, NOT_IMPLEMENTED, r.value);
		return true;
	}
	if ((r.size != 1 && r.size != 2 && r.size != 4) || (r.offset & (r.size - 1)) || r.offset < 0 || r.offset > f->size - r.size) {
		answer(g, &r, INVALID_OFFSET, r.cmd == CONF_READ ? 0 : r.value);
		return true;
	}

	struct reg *reg = &f->regs[r.offset >> 2];
	int shift = (r.offset & 3) * 8;
	uint32_t mask = lanes(r.size) << shift;
	if (r.cmd == CONF_READ) {
		uint32_t value = reg->value & reg->memory;
		if (~reg->memory & mask)
			value |= read_hardware(f, r.offset >> 2) & ~reg->memory;
		answer(g, &r, SUCCESS, (value & mask) >> shift);
	} else {
		mask &= reg->writable;
		reg->value = (reg->value & ~mask) | ((r.value << shift) & mask);
		answer(g, &r, SUCCESS, r.value);
	}
	return true;
}

/* The time, and a pause between two looks at the page. */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif

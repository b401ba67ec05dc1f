/*
 * The yardstick on Xen: a backend in C for one guest and one device, whose frontend is a real guest's.
 *
 *   xen --guest DOMID --device 0000:BB:DD.F [--spin US]
 *
 * It writes the nodes that a toolstack would, waits for the frontend, maps its page, and serves configuration space with the checks of served.h until
 * SIGTERM; then it removes the nodes. System calls only, no library of Xen. What a guest writes stays in memory: nothing reaches the device but reads.
 * No interrupts and no permission for the device's memory, so no driver works with it; reading registers is what it is for. The device must have no
 * driver and no other guest.
 *
 * Of each request it makes the system calls that a backend without a library cannot do without: a read of /dev/xen/evtchn that waits and masks the port,
 * an ioctl that notifies the guest, a write that unmasks the port; and a pread of the device's file where memory does not have the register. With --spin
 * it looks at the page that long after each answer before it unmasks, as pcibackflow does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
/* Linux's headers use these and do not define them. */
typedef uint16_t domid_t;
typedef uint32_t grant_ref_t;
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#include "served.h"

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void fail(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	fputs("xen: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s\n", strerror(error));
	exit(1);
}

/* Xenstore: one request, one answer (Xen's public header io/xs_wire.h). */

enum { XS_READ = 2, XS_WRITE = 11, XS_MKDIR = 12, XS_RM = 13, XS_SET_PERMS = 14, XS_ERROR = 16 };

struct header {
	uint32_t type, request, transaction, length;
};

static int store;
static char reply[4096 + 1];

static void take(void *to, size_t length)
{
	for (size_t got = 0; got < length;) {
		ssize_t more = read(store, (char *)to + got, length - got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			fail("/dev/xen/xenbus");
		got += (size_t)more;
	}
}

/* The body is a path and what belongs to the request. The answer is in reply; false: an error is. */
static bool ask(uint32_t type, const void *body, size_t length)
{
	char message[sizeof(struct header) + 1024];
	struct header header = { .type = type, .length = (uint32_t)length };

	if (length > sizeof message - sizeof header)
		fail("too long");
	memcpy(message, &header, sizeof header);
	memcpy(message + sizeof header, body, length);
	if (write(store, message, sizeof header + length) != (ssize_t)(sizeof header + length))
		fail("/dev/xen/xenbus");
	take(&header, sizeof header);
	if (header.length > sizeof reply - 1)
		fail("an answer of %u bytes", header.length);
	take(reply, header.length);
	reply[header.length] = 0;
	return header.type != XS_ERROR;
}

/* The value may be empty: then the node is a folder. */
static void put(const char *folder, const char *name, const char *format, ...)
{
	char body[1024];
	int path = snprintf(body, sizeof body / 2, "%s/%s", folder, name);
	va_list arguments;

	va_start(arguments, format);
	int value = vsnprintf(body + path + 1, sizeof body / 2, format, arguments);
	va_end(arguments);
	if (!ask(XS_WRITE, body, (size_t)(path + 1 + value)))
		fail("%s: xenstore says %s", body, reply);
}

/* A folder of which one domain is the owner and another may read; what is made in it has the same owner and reader. */
static void make(const char *path, int owner, int reader)
{
	char body[1024];
	int length = snprintf(body, sizeof body, "%s", path) + 1;

	if (!ask(XS_MKDIR, body, (size_t)length))
		fail("%s: xenstore says %s", path, reply);
	length += snprintf(body + length, sizeof body - (size_t)length, "n%d", owner) + 1;
	length += snprintf(body + length, sizeof body - (size_t)length, "r%d", reader) + 1;
	if (!ask(XS_SET_PERMS, body, (size_t)length))
		fail("%s: xenstore says %s", path, reply);
}

/* The number in a node; -1: there is none. */
static int number(const char *folder, const char *name)
{
	char path[512];
	int length = snprintf(path, sizeof path, "%s/%s", folder, name);

	return ask(XS_READ, path, (size_t)length + 1) ? atoi(reply) : -1;
}

/* The device: its file, and a filter that lets a guest list it and size its BARs. */

static uint32_t in_file(struct function *f, int dword)
{
	uint32_t value;

	f->accesses++;
	return pread(f->file, &value, sizeof value, dword * 4) == sizeof value ? value : UINT32_MAX;
}

static uint32_t (*volatile read_hardware)(struct function *, int) = in_file;

/* These bits of a register are memory. */
static void hold(struct function *f, int dword, uint32_t value, uint32_t memory, uint32_t writable)
{
	f->regs[dword] = (struct reg){ .value = value, .memory = memory, .writable = writable };
}

static struct function open_device(const char *device)
{
	static struct reg regs[1024];
	struct function f = { .regs = regs };
	uint64_t start, end, flags;
	char path[256];
	uint32_t now[16];

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/config", device);
	f.file = open(path, O_RDONLY | O_CLOEXEC);
	if (f.file < 0 || pread(f.file, now, sizeof now, 0) != sizeof now)
		fail("%s", path);
	f.size = (int32_t)lseek(f.file, 0, SEEK_END);
	if ((f.size != 256 && f.size != 4096) || (now[3] >> 16 & 0x7f) != 0) {
		errno = EINVAL;
		fail("%s is no ordinary function", device);
	}
	/* What does not change: ids, class, header type (as of a card with one function), subsystem, the capabilities' beginning. Command is the guest's own. */
	static const int constant[] = { 0, 2, 10, 11, 13 };
	for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
		hold(&f, constant[i], now[constant[i]], UINT32_MAX, 0);
	hold(&f, 1, now[1], 0xffff, 0x0547);
	hold(&f, 3, now[3] & ~0x00800000u, UINT32_MAX, 0);
	hold(&f, 12, 0, UINT32_MAX, 0);
	hold(&f, 15, 0, UINT32_MAX, 0xff);

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/resource", device);
	FILE *resources = fopen(path, "r");
	if (!resources)
		fail("%s", path);
	for (int bar = 0; bar < 6; bar++) {
		if (fscanf(resources, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end, &flags) != 3)
			fail("%s", path);
		uint64_t writable = end ? ~(end - start) & ~(uint64_t)(flags & 0x100 ? 3 : 15) : 0;
		hold(&f, 4 + bar, now[4 + bar], UINT32_MAX, (uint32_t)writable);
		if (end && (flags & 0x100000) && bar < 5) {
			bar++;
			hold(&f, 4 + bar, now[4 + bar], UINT32_MAX, (uint32_t)(writable >> 32));
			if (fscanf(resources, "%*x %*x %*x") < 0)
				fail("%s", path);
		}
	}
	fclose(resources);
	return f;
}

/* The frontend: its page and its event channel. */

static int events;
static uint32_t port;

static struct page *map(int guest, int reference)
{
	int grants = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	struct ioctl_gntdev_map_grant_ref one = { .count = 1, .refs = { { .domid = (uint32_t)guest, .ref = (uint32_t)reference } } };

	if (grants < 0 || ioctl(grants, IOCTL_GNTDEV_MAP_GRANT_REF, &one))
		fail("/dev/xen/gntdev");
	void *page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, grants, (off_t)one.index);
	if (page == MAP_FAILED)
		fail("the frontend's page");
	return page;
}

static void bind_to(int guest, int remote)
{
	struct ioctl_evtchn_bind_interdomain pair = { .remote_domain = (unsigned)guest, .remote_port = (unsigned)remote };

	events = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC);
	int local = events < 0 ? -1 : ioctl(events, IOCTL_EVTCHN_BIND_INTERDOMAIN, &pair);
	if (local < 0)
		fail("/dev/xen/evtchn");
	port = (uint32_t)local;
}

static void notify(void)
{
	struct ioctl_evtchn_notify other = { .port = port };

	if (ioctl(events, IOCTL_EVTCHN_NOTIFY, &other))
		fail("notify");
}

static uint64_t serve_until_stopped(struct seen *guest, uint64_t spin)
{
	uint64_t served = 0;
	uint32_t ready;

	while (!stopping) {
		ssize_t got = read(events, &ready, sizeof ready);

		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof ready)
			fail("/dev/xen/evtchn");
		/* The port is masked now. What the guest sends meanwhile waits at it, so nothing is lost by the last look. */
		for (uint64_t last = spin ? now_ns() : 0; !stopping;) {
			if (serve(guest)) {
				notify();
				served++;
				last = spin ? now_ns() : 0;
			} else if (!spin || now_ns() - last >= spin) {
				break;
			} else {
				relax();
			}
		}
		if (write(events, &ready, sizeof ready) != sizeof ready)
			fail("/dev/xen/evtchn");
	}
	return served;
}

int main(int argc, char **argv)
{
	const char *device = NULL;
	int guest = -1;
	uint64_t spin = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--guest"))
			guest = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--device"))
			device = argv[i + 1];
		else if (!strcmp(argv[i], "--spin"))
			spin = (uint64_t)atol(argv[i + 1]) * 1000;
		else
			guest = -1, i = argc;
	}
	if (guest < 1 || !device || argc % 2 == 0) {
		fprintf(stderr, "usage: xen --guest DOMID --device 0000:BB:DD.F [--spin US]\n");
		return 2;
	}

	struct sigaction on_term = { .sa_handler = stop };
	sigaction(SIGTERM, &on_term, NULL);
	sigaction(SIGINT, &on_term, NULL);
	store = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (store < 0)
		fail("/dev/xen/xenbus");
	struct function function = open_device(device);

	char backend[128], frontend[128];
	snprintf(backend, sizeof backend, "/local/domain/0/backend/pci/%d/0", guest);
	snprintf(frontend, sizeof frontend, "/local/domain/%d/device/pci/0", guest);
	make(backend, 0, guest);
	put(backend, "frontend", "%s", frontend);
	put(backend, "frontend-id", "%d", guest);
	put(backend, "online", "1");
	put(backend, "num_devs", "1");
	put(backend, "dev-0", "%s", device);
	put(backend, "vdev-0", "0000:00:00.00");
	put(backend, "state-0", "3");
	put(backend, "root_num", "1");
	put(backend, "root-0", "0000:00");
	put(backend, "state", "3");
	/* Its permissions first: a running guest looks at it as soon as it is there. */
	make(frontend, guest, 0);
	put(frontend, "backend-id", "0");
	put(frontend, "backend", "%s", backend);
	put(frontend, "state", "1");

	while (!stopping && number(frontend, "state") != 3)
		usleep(20000);
	if (!stopping) {
		struct seen seen = { .page = map(guest, number(frontend, "pci-op-ref")), .slots = { &function } };

		bind_to(guest, number(frontend, "event-channel"));
		put(backend, "state", "4");
		printf("ready\n");
		fflush(stdout);
		uint64_t served = serve_until_stopped(&seen, spin);
		printf("served %" PRIu64 ", of them %" PRIu64 " reads of the device\n", served, function.accesses);
	}
	ask(XS_RM, frontend, strlen(frontend) + 1);
	/* With the guest's own folder above it, in which there is no other device. */
	*strrchr(backend, '/') = 0;
	ask(XS_RM, backend, strlen(backend) + 1);
	return 0;
}

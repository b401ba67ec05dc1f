/*
 * In a guest: how long a read of a register takes.
 *
 *   configread samples FILE OFFSET SIZE COUNT WARMUP OUTPUT   COUNT reads after WARMUP that do not count, each timed; nanoseconds, one a line, in OUTPUT
 *   configread rate FILE OFFSET SIZE SECONDS                  prints how many reads a second, one after the other, that long
 *   configread time COMMAND...                                prints the nanoseconds that a command takes; its exit code
 *
 * FILE is a function's configuration space: /sys/bus/pci/devices/0000:00:00.0/config. The clock's own time is in each sample.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int file, offset, size;
static uint32_t first;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t get(void)
{
	uint32_t value = 0;

	if (pread(file, &value, (size_t)size, offset) != size)
		fail("pread");
	return value;
}

/* A register that changes, or that all at once reads as all ones, is not what is to be measured. */
static void check(uint32_t value)
{
	if (value != first) {
		fprintf(stderr, "configread: offset %d is 0x%x, and was 0x%x\n", offset, value, first);
		exit(1);
	}
}

static void open_register(char **arguments)
{
	file = open(arguments[0], O_RDONLY | O_CLOEXEC);
	if (file < 0)
		fail(arguments[0]);
	offset = atoi(arguments[1]);
	size = atoi(arguments[2]);
	if (size != 1 && size != 2 && size != 4) {
		fprintf(stderr, "configread: %d bytes are no register\n", size);
		exit(2);
	}
}

static void samples(int count, int warmup, const char *output)
{
	uint64_t *took = calloc((size_t)count, sizeof *took);
	FILE *kept = fopen(output, "w");

	if (!took || !kept)
		fail(output);
	for (int i = -warmup; i < count; i++) {
		uint64_t before = now();
		uint32_t value = get();
		uint64_t after = now();

		if (i == -warmup)
			first = value;
		check(value);
		if (i >= 0)
			took[i] = after - before;
	}
	for (int i = 0; i < count; i++)
		fprintf(kept, "%" PRIu64 "\n", took[i]);
	if (fclose(kept))
		fail(output);
	printf("%d reads of 0x%x\n", count, first);
}

static void rate(double seconds)
{
	uint64_t count = 0, begin = now(), end = begin;

	for (first = get(); end - begin < (uint64_t)(seconds * 1e9); count++) {
		check(get());
		end = now();
	}
	printf("rate %.1f\n", (double)count * 1e9 / (double)(end - begin));
}

static int timed(char **command)
{
	uint64_t before = now();
	pid_t child = fork();
	int status;

	if (child == 0) {
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		fail(command[0]);
	fprintf(stderr, "took %" PRIu64 "\n", now() - before);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	if (argc == 8 && !strcmp(argv[1], "samples") && atoi(argv[5]) > 0) {
		open_register(argv + 2);
		samples(atoi(argv[5]), atoi(argv[6]), argv[7]);
		return 0;
	}
	if (argc == 6 && !strcmp(argv[1], "rate")) {
		open_register(argv + 2);
		rate(atof(argv[5]));
		return 0;
	}
	if (argc > 2 && !strcmp(argv[1], "time"))
		return timed(argv + 2);
	fprintf(stderr, "usage: configread samples FILE OFFSET SIZE COUNT WARMUP OUTPUT | rate FILE OFFSET SIZE SECONDS | time COMMAND...\n");
	return 2;
}

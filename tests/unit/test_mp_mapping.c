/* Shared memory: seen by all, written by who may. */
#include "mp_help.h"

#include "mp_mapping.h"
#include "mp_spawn.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static size_t page(void) {
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int make(size_t size) {
	int fd = mp_mapping_create("test", size);
	assert_true(fd >= 0);
	return fd;
}

static void made(void **state) {
	int fd = make(10);
	struct stat file;
	fstat(fd, &file);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(file.st_size, 10);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	struct mp_mapping mapping;
	assert_int_equal(mp_mapping_map(&mapping, fd, 0, 10, true), 0);
	close(fd); /* The mapping stays. */
	assert_memory_equal(mapping.address, "\0\0\0\0\0\0\0\0\0\0", 10);
	memcpy(mapping.address, "0123456789", 10);
	mp_mapping_unmap(&mapping);
	assert_null(mapping.address);
	mp_mapping_unmap(&mapping);
	assert_int_equal(mp_mapping_create("none", 0), MP_RANGE);
	char name[251];
	memset(name, 'n', 250);
	name[250] = '\0';
	assert_int_equal(mp_mapping_create(name, 1), MP_RANGE);
}

static void two_mappings_of_one_memory(void **state) {
	int fd = make(3 * page());
	struct mp_mapping whole, part;
	assert_int_equal(mp_mapping_map(&whole, fd, 0, 3 * page(), true), 0);
	assert_int_equal(mp_mapping_map(&part, fd, page(), 100, false), 0);
	close(fd);
	memcpy((char *)whole.address + page(), "hello", 5);
	assert_memory_equal(part.address, "hello", 5);
	mp_mapping_unmap(&whole);
	assert_memory_equal(part.address, "hello", 5);
	mp_mapping_unmap(&part);
}

static void ranges_are_checked(void **state) {
	int fd = make(2 * page());
	struct mp_mapping mapping;
	struct {
		size_t offset, size;
	} bad[] = {{0, 0},
	           {0, 2 * page() + 1},
	           {page(), page() + 1},
	           {3 * page(), 1},
	           {1, 10},
	           {page(), SIZE_MAX},
	           {SIZE_MAX - page() + 1, 2 * page()}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(mp_mapping_map(&mapping, fd, bad[i].offset, bad[i].size, true),
		                 MP_RANGE);
		assert_int_equal(
			mp_mapping_map_doubled(&mapping, fd, bad[i].offset, bad[i].size, true),
			MP_RANGE);
	}
	assert_int_equal(mp_mapping_map_doubled(&mapping, fd, 0, page() + 8, true), MP_RANGE);
	close(fd);
	assert_int_equal(mp_mapping_map(&mapping, fd, 0, 1, true), MP_SYSTEM);
	assert_int_equal(errno, EBADF);
}

static void reading_only(void **state) {
	int fd = make(page());
	int reader = mp_mapping_reopen_read_only(fd);
	assert_true(reader >= 0);
	assert_int_equal(fcntl(reader, F_GETFD), FD_CLOEXEC);
	struct mp_mapping writable, readable;
	assert_int_equal(mp_mapping_map(&writable, reader, 0, page(), true), MP_SYSTEM);
	assert_int_equal(errno, EACCES);
	assert_int_equal(mp_mapping_map_doubled(&writable, reader, 0, page(), true), MP_SYSTEM);
	assert_int_equal(errno, EACCES);
	assert_int_equal(mp_mapping_map(&readable, reader, 0, page(), false), 0);
	assert_false(readable.is_writable);
	assert_int_equal(mprotect(readable.address, page(), PROT_READ | PROT_WRITE), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(mp_mapping_map(&writable, fd, 0, page(), true), 0);
	memcpy(writable.address, "seen", 4);
	assert_memory_equal(readable.address, "seen", 4);
	mp_mapping_unmap(&writable);
	mp_mapping_unmap(&readable);
	close(fd);
	close(reader);
	assert_int_equal(mp_mapping_reopen_read_only(reader), MP_SYSTEM);
}

static void doubled(void **state) {
	size_t header = page();
	size_t size = 2 * page();
	int fd = make(header + size);
	struct mp_mapping ring, readable;
	assert_int_equal(mp_mapping_map_doubled(&ring, fd, header, size, true), 0);
	assert_int_equal(mp_mapping_map_doubled(&readable, fd, header, size, false), 0);
	close(fd);
	char *bytes = ring.address;
	memcpy(bytes + size - 3, "across", 6);
	assert_memory_equal(bytes, "oss", 3);
	assert_memory_equal(bytes + 2 * size - 3, "acr", 3);
	assert_memory_equal((char *)readable.address + size - 3, "across", 6);
	bytes[size + 10] = '!';
	assert_int_equal(bytes[10], '!');
	mp_mapping_unmap(&ring);
	mp_mapping_unmap(&readable);
	/* All of it is gone: the room of both copies is free again. */
	unsigned char resident;
	assert_int_equal(mincore(bytes + size, 1, &resident), -1);
}

static void doubled_leaks_nothing_when_refused(void **state) {
	int fd = make(page());
	int reader = mp_mapping_reopen_read_only(fd);
	struct mp_mapping mapping, kept;
	assert_int_equal(mp_mapping_map(&kept, fd, 0, page(), true), 0);
	for (int i = 0; i < 70000; i++) { /* More than the system has mappings for a process. */
		assert_int_equal(mp_mapping_map_doubled(&mapping, reader, 0, page(), true),
		                 MP_SYSTEM);
	}
	mp_mapping_unmap(&kept);
	close(fd);
	close(reader);
}

static int write_hello(void *argument) {
	memcpy(argument, "from the child", 15);
	return 0;
}

static void a_child_shares_it(void **state) {
	struct mp_mapping mapping;
	struct mp_process child;
	assert_int_equal(mp_mapping_anonymous(&mapping, 100), 0);
	begin(&child, write_hello, mapping.address);
	assert_int_equal(end(&child), 0);
	assert_string_equal(mapping.address, "from the child");
	mp_mapping_unmap(&mapping);
	assert_int_equal(mp_mapping_anonymous(&mapping, 0), MP_RANGE);
}

/* In the spawned program: the memory was handed down by its name. */
static int spawned(void) {
	struct mp_mapping mapping;
	if (mp_mapping_map(&mapping, mp_inherited("memory"), 0, page(), true)) {
		return 1;
	}
	return write_hello(mapping.address);
}

static void a_spawned_child_shares_it(void **state) {
	struct mp_mapping mapping;
	struct mp_process child;
	int fd = make(page());
	assert_int_equal(mp_mapping_map(&mapping, fd, 0, page(), false), 0);
	mp_process_init(&child, NULL, NULL);
	assert_int_equal(mp_process_spawn(&child,
	                                  &(struct mp_spawn){
						  .path = "/proc/self/exe",
						  .argv = (const char *[]){"test", "child", NULL},
						  .fds = (struct mp_named_fd[]){{"memory", fd}},
						  .fd_count = 1,
					  }),
	                 0);
	assert_int_equal(end(&child), 0);
	assert_string_equal(mapping.address, "from the child");
	mp_mapping_unmap(&mapping);
	close(fd);
}

int main(int argc, char **argv) {
	if (argc > 1 && strcmp(argv[1], "child") == 0) {
		return spawned();
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(two_mappings_of_one_memory),
		cmocka_unit_test(ranges_are_checked),
		cmocka_unit_test(reading_only),
		cmocka_unit_test(doubled),
		cmocka_unit_test(doubled_leaks_nothing_when_refused),
		cmocka_unit_test(a_child_shares_it),
		cmocka_unit_test(a_spawned_child_shares_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

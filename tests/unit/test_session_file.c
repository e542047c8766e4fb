/* What a client remembers between two starts. */
#include "folder_help.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session_file.h"

static int set_up(void **state) {
	return make_folder(state) == 0 ? setenv("XDG_STATE_HOME", folder, 1) : -1;
}

static struct link_memory some_memory(void) {
	struct link_memory memory = {.has_session = true,
	                             .has_server_key = true,
	                             .session = UINT64_MAX,
	                             .cursor = 104117,
	                             .answering = 104118,
	                             .answering_number = 12,
	                             .name_size = 6};
	memcpy(memory.name, "小明", 6);
	memset(&memory.key, 0xA5, sizeof memory.key);
	memset(memory.server_key, 0x5A, sizeof memory.server_key);
	return memory;
}

static void expect_same(const struct link_memory *a, const struct link_memory *b) {
	assert_int_equal(a->has_session, b->has_session);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->cursor, b->cursor);
	assert_int_equal(a->answering, b->answering);
	assert_int_equal(a->answering_number, b->answering_number);
	assert_memory_equal(&a->key, &b->key, sizeof a->key);
	assert_int_equal(a->has_server_key, b->has_server_key);
	assert_memory_equal(a->server_key, b->server_key, KEY_BYTES);
	assert_int_equal(a->name_size, b->name_size);
	assert_memory_equal(a->name, b->name, a->name_size);
}

static struct session_file open_file(const char *name, bool is_new, struct link_memory *memory) {
	struct session_file file;
	char trouble[SESSION_TROUBLE_BYTES] = "";
	bool is_open = session_file_open(&file, "host", "8888", name, is_new, memory, trouble);
	assert_string_equal(trouble, "");
	assert_true(is_open);
	return file;
}

static void test_is_written_and_read(void **state) {
	struct link_memory memory = some_memory(), read;
	char text[SESSION_FILE_BYTES_MAX];
	size_t size = session_file_format(&memory, text);
	assert_true(session_file_parse(slice_of(text, size), &read));
	expect_same(&memory, &read);
	struct link_memory nothing = {0};
	size = session_file_format(&nothing, text);
	assert_true(session_file_parse(slice_of(text, size), &read));
	expect_same(&nothing, &read);
}

static void test_remembers_from_start_to_start(void **state) {
	struct link_memory memory, again;
	struct stat file_status, folder_status;
	char path[256];
	struct session_file file = open_file("Ann", false, &memory);
	assert_false(memory.has_session);
	memory = some_memory();
	assert_true(session_file_write(&file, &memory, true));
	memory.cursor++;
	assert_true(session_file_write(&file, &memory, false));
	session_file_close(&file);
	file = open_file("Ann", false, &again);
	expect_same(&memory, &again);
	assert_int_equal(stat(file.path, &file_status), 0);
	assert_int_equal(file_status.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/qun", folder);
	assert_int_equal(stat(path, &folder_status), 0);
	assert_int_equal(folder_status.st_mode & 0777, 0700);
	session_file_close(&file);
	/* Another name is somebody else; --new is somebody new. */
	file = open_file("Bob", false, &again);
	assert_false(again.has_session);
	session_file_close(&file);
	file = open_file("Ann", true, &again);
	assert_false(again.has_session || again.has_server_key);
	session_file_close(&file);
}

/* The file's bytes, then the folder that has its new name: or a power loss takes who one is. */
static size_t files_synced, folders_synced;

int fsync(int fd) {
	struct stat status;
	assert_int_equal(fstat(fd, &status), 0);
	if (S_ISDIR(status.st_mode)) {
		folders_synced++;
	} else {
		files_synced++;
	}
	return (int)syscall(SYS_fsync, fd);
}

static void test_is_on_the_disk_when_it_has_to_be(void **state) {
	struct link_memory memory;
	struct session_file file = open_file("disk", false, &memory);
	memory = some_memory();
	files_synced = folders_synced = 0;
	assert_true(session_file_write(&file, &memory, false));
	assert_int_equal(files_synced + folders_synced, 0);
	assert_true(session_file_write(&file, &memory, true));
	assert_int_equal(files_synced, 1);
	assert_int_equal(folders_synced, 1);
	session_file_close(&file);
}

static void test_a_second_one_is_somebody_else(void **state) {
	struct link_memory memory = some_memory(), second;
	struct session_file first = open_file("Cid", false, &second);
	assert_true(session_file_write(&first, &memory, true));
	struct session_file other = open_file("Cid", false, &second);
	assert_int_equal(other.lock_fd, -1);
	assert_false(second.has_session);
	assert_int_equal(second.name_size, 0);
	/* But it knows the server. */
	assert_true(second.has_server_key);
	assert_memory_equal(second.server_key, memory.server_key, KEY_BYTES);
	/* And writes nothing. */
	second.session = 5;
	assert_true(session_file_write(&other, &second, true));
	session_file_close(&other);
	session_file_close(&first);
	first = open_file("Cid", false, &second);
	expect_same(&memory, &second);
	session_file_close(&first);
}

static void test_long_names_have_files_of_their_own(void **state) {
	struct link_memory memory = some_memory(), read;
	char name[100001];
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	struct session_file file = open_file(name, false, &read);
	assert_true(session_file_write(&file, &memory, false));
	session_file_close(&file);
	file = open_file(name, false, &read);
	expect_same(&memory, &read);
	session_file_close(&file);
	name[sizeof name - 2] = 'b';
	file = open_file(name, false, &read);
	assert_false(read.has_session);
	session_file_close(&file);
}

/* A server says what one's name is. */
static void test_no_name_spoils_the_file(void **state) {
	static const char *const names[] = {"a\nb", "a\xff"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct link_memory memory = some_memory(), read;
		char text[SESSION_FILE_BYTES_MAX];
		memory.name_size = strlen(names[i]);
		memcpy(memory.name, names[i], memory.name_size);
		size_t size = session_file_format(&memory, text);
		assert_true(session_file_parse(slice_of(text, size), &read));
		memory.name_size = 0;
		expect_same(&memory, &read);
	}
}

static void test_says_what_is_damaged(void **state) {
	static const char *const damaged[] = {
		"",
		"qun session 2\n",
		"qun session 1\nsession 5\n",
		"qun session 1\nsession x\nkey 00\n",
		"qun session 1\nsession 99999999999999999999\n",
		"qun session 1\nname \n",
		"qun session 1\nanswering 5\n",
		"qun session 1\nname \xff\n",
		"qun session 1\nserver 1234\n",
		"qun session 1\nnothing\n",
		"qun session 1\ncursor 5",
	};
	struct link_memory memory;
	char trouble[SESSION_TROUBLE_BYTES];
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
		assert_false(session_file_parse(slice_from_string(damaged[i]), &memory));
	}
	struct session_file file = open_file("Dan", false, &memory);
	session_file_close(&file);
	int fd = open(file.path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "garbage", 7), 7);
	close(fd);
	assert_false(session_file_open(&file, "host", "8888", "Dan", false, &memory, trouble));
	assert_non_null(strstr(trouble, "--new"));
	/* What a later version adds is passed over. */
	assert_true(session_file_parse(slice_from_string("qun session 1\nweather fine\ncursor 5\n"),
	                               &memory));
	assert_int_equal(memory.cursor, 5);
}

static void test_finds_a_name_for_every_file(void **state) {
	static const char *const names[] = {"..",
	                                    "a/b",
	                                    "小明",
	                                    "a_b",
	                                    "%",
	                                    ".",
	                                    "a b",
	                                    "0123456789012345678901234567890123456789012345678901"
	                                    "23456789012345678901234567890123456789"};
	char long_host[256];
	struct link_memory memory;
	char trouble[SESSION_TROUBLE_BYTES], paths[9][SESSION_PATH_BYTES];
	memset(long_host, 'h', sizeof long_host - 1);
	long_host[sizeof long_host - 1] = '\0';
	for (size_t i = 0; i < 9; i++) {
		struct session_file file;
		const char *name = i < 8 ? names[i] : NULL;
		assert_true(session_file_open(&file, i < 8 ? "::1" : long_host, "8888", name, false,
		                              &memory, trouble));
		assert_true(file.lock_fd >= 0);
		assert_true(session_file_write(&file, &memory, false));
		snprintf(paths[i], sizeof paths[i], "%s", file.path);
		/* In our folder, and another one than those before. */
		assert_null(strchr(file.path + strlen(folder) + strlen("/qun/"), '/'));
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(paths[i], paths[j]);
		}
		session_file_close(&file);
	}
}

static void test_goes_on_without_a_place(void **state) {
	struct link_memory memory;
	struct session_file file;
	char trouble[SESSION_TROUBLE_BYTES];
	setenv("XDG_STATE_HOME", "/proc/nowhere", 1);
	assert_true(session_file_open(&file, "host", "8888", NULL, false, &memory, trouble));
	assert_int_equal(file.lock_fd, -1);
	assert_true(session_file_write(&file, &memory, true));
	setenv("XDG_STATE_HOME", folder, 1);
}

int main(void) {
	if (sodium_init() < 0) {
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_written_and_read),
		cmocka_unit_test(test_remembers_from_start_to_start),
		cmocka_unit_test(test_is_on_the_disk_when_it_has_to_be),
		cmocka_unit_test(test_a_second_one_is_somebody_else),
		cmocka_unit_test(test_long_names_have_files_of_their_own),
		cmocka_unit_test(test_no_name_spoils_the_file),
		cmocka_unit_test(test_says_what_is_damaged),
		cmocka_unit_test(test_finds_a_name_for_every_file),
		cmocka_unit_test(test_goes_on_without_a_place),
	};
	return cmocka_run_group_tests(tests, set_up, drop_folder);
}

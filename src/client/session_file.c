#include "session_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "utf8.h"

#define HEAD_LINE "qun session 1"
/* A file's name, with what is put behind it. */
#define FILE_NAME_BYTES_MAX 200

__attribute__((format(printf, 2, 3))) static bool refuse(char *trouble, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(trouble, SESSION_TROUBLE_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- the bytes ---- */

static bool read_number(struct slice text, uint64_t *number) {
	*number = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9' ||
		    __builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(text.bytes[i] - '0'), number)) {
			return false;
		}
	}
	return text.size > 0;
}

static bool read_key(struct slice text, uint8_t key[KEY_BYTES]) {
	size_t size = 0;
	const char *end = NULL;
	return text.size == 2 * KEY_BYTES &&
	       sodium_hex2bin(key, KEY_BYTES, text.bytes, text.size, NULL, &size, &end) == 0 &&
	       size == KEY_BYTES && end == text.bytes + text.size;
}

static bool read_name(struct slice text, struct link_memory *memory) {
	if (text.size == 0 || text.size > NAME_BYTES_MAX || !utf8_is_valid(text) ||
	    memchr(text.bytes, '\0', text.size) != NULL) {
		return false;
	}
	memory->name_size = text.size;
	memcpy(memory->name, text.bytes, text.size);
	return true;
}

static bool read_answering(struct slice text, struct link_memory *memory) {
	const char *blank = memchr(text.bytes, ' ', text.size);
	size_t first = blank == NULL ? text.size : (size_t)(blank - text.bytes);
	return blank != NULL && read_number(slice_first(text, first), &memory->answering) &&
	       read_number(slice_from(text, first + 1), &memory->answering_number);
}

static bool read_line(struct slice word, struct slice value, struct link_memory *memory,
                      bool *has_key) {
	if (slice_equal(word, slice_from_string("session"))) {
		memory->has_session = true;
		return read_number(value, &memory->session);
	}
	if (slice_equal(word, slice_from_string("key"))) {
		*has_key = true;
		return read_key(value, memory->key.bytes);
	}
	if (slice_equal(word, slice_from_string("server"))) {
		memory->has_server_key = true;
		return read_key(value, memory->server_key);
	}
	if (slice_equal(word, slice_from_string("cursor"))) {
		return read_number(value, &memory->cursor);
	}
	if (slice_equal(word, slice_from_string("answering"))) {
		return read_answering(value, memory);
	}
	return !slice_equal(word, slice_from_string("name")) || read_name(value, memory);
}

static struct slice next_line(struct slice *text) {
	const char *end = memchr(text->bytes, '\n', text->size);
	struct slice line =
		slice_first(*text, end == NULL ? text->size : (size_t)(end - text->bytes));
	*text = slice_from(*text, end == NULL ? text->size : line.size + 1);
	return line;
}

bool session_file_parse(struct slice text, struct link_memory *memory) {
	bool has_key = false;
	*memory = (struct link_memory){0};
	if (text.size == 0 || text.size > SESSION_FILE_BYTES_MAX ||
	    text.bytes[text.size - 1] != '\n' ||
	    !slice_equal(next_line(&text), slice_from_string(HEAD_LINE))) {
		return false;
	}
	while (text.size > 0) {
		struct slice line = next_line(&text);
		size_t word = 0;
		while (word < line.size && line.bytes[word] != ' ') {
			word++;
		}
		if (word == line.size || !read_line(slice_first(line, word),
		                                    slice_from(line, word + 1), memory, &has_key)) {
			return false;
		}
	}
	return memory->has_session == has_key;
}

size_t session_file_format(const struct link_memory *memory, char out[SESSION_FILE_BYTES_MAX]) {
	char key[2 * KEY_BYTES + 1], session[256] = "", server[128] = "", name[128] = "";
	char answering[64] = "";
	if (memory->has_session) {
		sodium_bin2hex(key, sizeof key, memory->key.bytes, KEY_BYTES);
		snprintf(session, sizeof session, "session %llu\nkey %s\ncursor %llu\n",
		         (unsigned long long)memory->session, key,
		         (unsigned long long)memory->cursor);
	}
	if (memory->has_server_key) {
		sodium_bin2hex(key, sizeof key, memory->server_key, KEY_BYTES);
		snprintf(server, sizeof server, "server %s\n", key);
	}
	struct slice own = slice_of(memory->name, memory->name_size);
	/* A server's word for it: not what could not be read again. */
	if (own.size > 0 && utf8_is_valid(own) && memchr(own.bytes, '\n', own.size) == NULL &&
	    memchr(own.bytes, '\0', own.size) == NULL) {
		snprintf(name, sizeof name, "name %.*s\n", (int)memory->name_size, memory->name);
	}
	if (memory->answering != 0) {
		snprintf(answering, sizeof answering, "answering %llu %llu\n",
		         (unsigned long long)memory->answering,
		         (unsigned long long)memory->answering_number);
	}
	return (size_t)snprintf(out, SESSION_FILE_BYTES_MAX, HEAD_LINE "\n%s%s%s%s", session, name,
	                        server, answering);
}

/* ---- where it is ---- */

/* Letters, digits and what is beyond ASCII as they are; all else as %XX. */
static bool put_part(char *out, size_t out_size, const char *part) {
	size_t at = strlen(out);
	for (; *part != '\0'; part++) {
		unsigned char byte = (unsigned char)*part;
		bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
		                (byte >= 'A' && byte <= 'Z') || byte >= 0x80 ||
		                (byte == '.' && at > 0) || byte == '-';
		int size = snprintf(out + at, out_size - at, is_plain ? "%c" : "%%%02X", byte);
		if (size < 0 || (size_t)size >= out_size - at) {
			return false;
		}
		at += (size_t)size;
	}
	return true;
}

/* "127.0.0.1_8888_Ann.session"; one that would be too long is known by its hash. */
static void make_file_name(const char *host, const char *port, const char *name,
                           char out[FILE_NAME_BYTES_MAX]) {
	const char *parts[] = {host, port, name};
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; i < (name == NULL ? 2 : 3); i++) {
		size_t at = strlen(out);
		if (i > 0) {
			fits = fits && at + 2 < FILE_NAME_BYTES_MAX;
			memcpy(out + at, "_", fits ? 2 : 0);
		}
		fits = fits && put_part(out, FILE_NAME_BYTES_MAX - 32, parts[i]);
	}
	if (!fits) {
		uint8_t hash[32];
		crypto_generichash_state state;
		crypto_generichash_init(&state, NULL, 0, sizeof hash);
		for (size_t i = 0; i < 3; i++) {
			/* With its NUL, so that no two of them run together. */
			const char *part = parts[i] == NULL ? "" : parts[i];
			crypto_generichash_update(&state, (const uint8_t *)part, strlen(part) + 1);
		}
		crypto_generichash_final(&state, hash, sizeof hash);
		sodium_bin2hex(out, FILE_NAME_BYTES_MAX, hash, sizeof hash);
	}
	memcpy(out + strlen(out), ".session", sizeof ".session");
}

/* Each folder on the way, ours alone. */
static bool make_folders(char *path) {
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
		if (!is_there) {
			return false;
		}
	}
	return true;
}

static bool find_path(struct session_file *file, const char *host, const char *port,
                      const char *name) {
	char file_name[FILE_NAME_BYTES_MAX];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int size;
	make_file_name(host, port, name, file_name);
	if (state != NULL && state[0] == '/') {
		size = snprintf(file->path, sizeof file->path, "%s/qun/%s", state, file_name);
	} else if (home != NULL && home[0] == '/') {
		size = snprintf(file->path, sizeof file->path, "%s/.local/state/qun/%s", home,
		                file_name);
	} else {
		return false;
	}
	return size > 0 && (size_t)size < sizeof file->path - 8 && make_folders(file->path);
}

/* ---- reading and writing ---- */

static int open_lock(const struct session_file *file) {
	char path[SESSION_PATH_BYTES + 8];
	snprintf(path, sizeof path, "%s.lock", file->path);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static bool read_memory(const struct session_file *file, struct link_memory *memory,
                        char *trouble) {
	char bytes[SESSION_FILE_BYTES_MAX];
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		return true;
	}
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	int error = errno;
	if (fd >= 0) {
		close(fd);
	}
	if (size < 0) {
		return refuse(trouble, "cannot read %s: %s", file->path, strerror(error));
	}
	if (!session_file_parse(slice_of(bytes, (size_t)size), memory)) {
		*memory = (struct link_memory){0};
		return refuse(trouble, "%s is damaged; --new begins anew", file->path);
	}
	return true;
}

bool session_file_open(struct session_file *file, const char *host, const char *port,
                       const char *name, bool is_new, struct link_memory *memory,
                       char trouble[static SESSION_TROUBLE_BYTES]) {
	*memory = (struct link_memory){0};
	*file = (struct session_file){.lock_fd = -1};
	if (!find_path(file, host, port, name)) {
		return true;
	}
	file->lock_fd = open_lock(file);
	bool is_ours = file->lock_fd >= 0 && flock(file->lock_fd, LOCK_EX | LOCK_NB) == 0;
	if (!is_new && !read_memory(file, memory, trouble)) {
		session_file_close(file);
		return false;
	}
	if (!is_ours) {
		/* Somebody else; but the server is the same one. */
		session_file_close(file);
		memory->has_session = false;
		memory->cursor = 0;
		memory->name_size = 0;
	}
	return true;
}

static bool write_all(int fd, const char *bytes, size_t size) {
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);
		if (written < 0 && errno != EINTR) {
			return false;
		}
		bytes += written > 0 ? written : 0;
		size -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

/* The folder is what says that the new file has the old one's name. */
static bool sync_folder(const struct session_file *file) {
	char path[SESSION_PATH_BYTES];
	snprintf(path, sizeof path, "%s", file->path);
	char *slash = strrchr(path, '/');
	assert(slash != NULL);
	slash[slash == path] = '\0';
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	/* EINVAL: this file system has no such thing. */
	bool is_synced = fsync(fd) == 0 || errno == EINVAL;
	int error = errno;
	close(fd);
	errno = error;
	return is_synced;
}

bool session_file_write(const struct session_file *file, const struct link_memory *memory,
                        bool is_safe) {
	char bytes[SESSION_FILE_BYTES_MAX], path[SESSION_PATH_BYTES + 8];
	if (file->lock_fd < 0) {
		return true;
	}
	snprintf(path, sizeof path, "%s.new", file->path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return false;
	}
	bool is_good = write_all(fd, bytes, session_file_format(memory, bytes)) &&
	               (!is_safe || fsync(fd) == 0);
	is_good = close(fd) == 0 && is_good;
	if (!is_good || rename(path, file->path) != 0) {
		int error = errno;
		unlink(path);
		errno = error;
		return false;
	}
	return !is_safe || sync_folder(file);
}

void session_file_close(struct session_file *file) {
	if (file->lock_fd >= 0) {
		close(file->lock_fd);
		file->lock_fd = -1;
	}
}

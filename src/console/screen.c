#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "editor.h"
#include "pool.h"

/* PIPE_BUF on Linux: poll() promises room for so much in a pipe. */
#define PIECE_BYTES 4096

static size_t waiting(const struct screen *screen) {
	return screen->size - screen->at;
}

/* There is room again: the turn that follows looks. */
static void on_room(void *context, uint32_t events) {
	struct screen *screen = context;
	loop_forget(screen->loop, &screen->watch);
	screen->is_watched = false;
}

void screen_open(struct screen *screen, struct loop *loop) {
	*screen = (struct screen){.loop = loop};
	screen->watch = (struct watch){.fd = STDOUT_FILENO, .ready = on_room, .context = screen};
}

void screen_close(struct screen *screen) {
	if (screen->is_watched) {
		loop_forget(screen->loop, &screen->watch);
	}
	free(screen->bytes);
	*screen = (struct screen){0};
}

void screen_line(struct screen *screen, const char *line) {
	size_t size = strlen(line);
	if (screen->is_gone) {
		return;
	}
	if (screen->at > 0) {
		memmove(screen->bytes, screen->bytes + screen->at, waiting(screen));
		screen->size -= screen->at;
		screen->at = 0;
	}
	if (screen->size + size + 1 > screen->capacity) {
		screen->capacity = 2 * (screen->size + size + 1);
		screen->bytes = allocate_again(screen->bytes, screen->capacity);
	}
	memcpy(screen->bytes + screen->size, line, size);
	screen->bytes[screen->size + size] = '\n';
	screen->size += size + 1;
}

bool screen_has_room(const struct screen *screen) {
	return waiting(screen) < SCREEN_BYTES_ENOUGH;
}

/* A file is always ready, and epoll does not take it. */
static void wait_for_room(struct screen *screen) {
	if (!screen->is_watched) {
		screen->is_watched = loop_watch(screen->loop, &screen->watch, EPOLLOUT) == 0;
	}
}

/* False: the rest has to wait. */
static bool write_piece(struct screen *screen) {
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	if (poll(&out, 1, 0) != 1 || !(out.revents & (POLLOUT | POLLERR | POLLNVAL))) {
		return false;
	}
	size_t size = waiting(screen) < PIECE_BYTES ? waiting(screen) : PIECE_BYTES;
	ssize_t written = write(STDOUT_FILENO, screen->bytes + screen->at, size);
	if (written >= 0) {
		screen->at += (size_t)written;
		return true;
	}
	if (errno != EAGAIN && errno != EINTR) {
		/* Nobody reads any more (or the disk is full): the room goes on without being seen. */
		screen->is_gone = true;
		screen->at = screen->size = 0;
	}
	return errno == EINTR;
}

void screen_flush(struct screen *screen) {
	if (waiting(screen) > 0 && screen->editor != NULL) {
		editor_hide(screen->editor);
	}
	while (waiting(screen) > 0) {
		if (!write_piece(screen)) {
			break;
		}
	}
	if (waiting(screen) > 0) {
		wait_for_room(screen);
	} else if (screen->editor != NULL) {
		editor_show(screen->editor);
	}
}

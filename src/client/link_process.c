/*
 * A stand-in until the session library is there: it answers itself. Enough to build a face on.
 */
#include "link_process.h"

#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "mp_errors.h"
#include "record.h"
#include "screenwire.h"

struct stub {
	struct mp_pipe face;
	uint64_t seq, tag;
	char name[128];
	size_t name_size;
	bool has_name, is_over;
};

static void tell(struct stub *stub, struct tell *tell) {
	tell->time_ms = tell->since_ms = clock_wall_us() / 1000;
	(void)tell_send(&stub->face, tell, MP_FOREVER);
}

static struct slice own_name(const struct stub *stub) {
	return slice_of(stub->name, stub->name_size);
}

static void tell_entry(struct stub *stub, unsigned kind, uint64_t person, struct slice name,
                       struct slice text, uint64_t tag) {
	static const uint64_t lobby = 1;
	tell(stub, &(struct tell){.kind = TELL_ENTRY,
	                          .entry_kind = (uint16_t)kind,
	                          .seq = ++stub->seq,
	                          .person = person,
	                          .flags = person == 7 ? TELL_IS_OWN : 0,
	                          .room = 1,
	                          .rooms = slice_of((const char *)&lobby, sizeof lobby),
	                          .name = name,
	                          .other = slice_from_string("#lobby"),
	                          .text = text,
	                          .tag = tag});
}

static void enter(struct stub *stub) {
	tell(stub, &(struct tell){.kind = TELL_STANDING,
	                          .state = STANDING_IN,
	                          .flags = TELL_IS_NEW,
	                          .name = own_name(stub),
	                          .person = 7,
	                          .other = slice_from_string("127.0.0.1:8888"),
	                          .rtt_us = 1500,
	                          .seq = stub->seq,
	                          .tag = stub->tag});
	tell(stub, &(struct tell){.kind = TELL_ROOM,
	                          .room = 1,
	                          .name = slice_from_string("#lobby"),
	                          .connected = 2,
	                          .flags = TELL_IS_IN | TELL_IS_WHOLE});
	tell(stub, &(struct tell){.kind = TELL_PERSON,
	                          .room = 1,
	                          .person = 8,
	                          .name = slice_from_string("小明")});
	tell(stub,
	     &(struct tell){.kind = TELL_PERSON, .room = 1, .person = 7, .name = own_name(stub)});
	tell_entry(stub, ENTRY_ENTERED, 7, own_name(stub), slice_of(NULL, 0), 0);
	tell_entry(stub, ENTRY_SAID, 8, slice_from_string("小明"), slice_from_string("你好"), 0);
}

static void hear(struct stub *stub, const struct wish *wish) {
	switch (wish->kind) {
	case WISH_ATTACH:
		if (stub->has_name) {
			enter(stub);
		} else {
			tell(stub,
			     &(struct tell){.kind = TELL_STANDING, .state = STANDING_NAME_WANTED});
		}
		break;
	case WISH_NAME:
		stub->name_size = wish->name.size < sizeof stub->name ? wish->name.size : 0;
		memcpy(stub->name, wish->name.bytes, stub->name_size);
		stub->has_name = true;
		enter(stub);
		break;
	case WISH_SAY:
		stub->tag = wish->tag;
		tell(stub, &(struct tell){.kind = TELL_MESSAGE,
		                          .tag = wish->tag,
		                          .state = MESSAGE_ON_ITS_WAY});
		tell_entry(stub, ENTRY_SAID, 7, own_name(stub), wish->text, wish->tag);
		tell(stub, &(struct tell){.kind = TELL_MESSAGE,
		                          .tag = wish->tag,
		                          .state = MESSAGE_KEPT,
		                          .seq = stub->seq});
		break;
	case WISH_BEFORE:
	case WISH_SEARCH:
	case WISH_ROOMS:
	case WISH_WHO:
		tell(stub, &(struct tell){.kind = TELL_ANSWERED, .question = wish->question});
		break;
	case WISH_QUIT:
		tell(stub, &(struct tell){.kind = TELL_STANDING,
		                          .state = STANDING_ENDED,
		                          .ending = ENDING_QUIT});
		stub->is_over = true;
		break;
	default: break;
	}
}

static void take_face(struct stub *stub, struct mp_pipe *parent) {
	int fd;
	size_t size;
	char nothing[1];
	if (mp_pipe_receive_fd(parent, nothing, sizeof nothing, &size, &fd, 0) == 0 && fd >= 0) {
		mp_pipe_drop(&stub->face);
		mp_pipe_adopt(&stub->face, fd, MP_PIPE_BOTH);
	} else {
		stub->is_over = true;
	}
}

int link_process(const struct link_start *start) {
	struct stub stub = {.face.fd = -1, .seq = 100};
	if (start->options->name != NULL && strlen(start->options->name) < sizeof stub.name) {
		stub.name_size = strlen(start->options->name);
		memcpy(stub.name, start->options->name, stub.name_size);
		stub.has_name = true;
	}
	while (!stub.is_over) {
		uint8_t buffer[SCREENWIRE_BYTES_MAX];
		struct wish wish;
		struct pollfd fds[] = {{.fd = start->parent->fd, .events = POLLIN},
		                       {.fd = stub.face.fd, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0) {
			continue;
		}
		if (fds[0].revents != 0) {
			take_face(&stub, start->parent);
		} else if (wish_receive(&stub.face, &wish, buffer, 0) == 0) {
			hear(&stub, &wish);
		} else {
			mp_pipe_drop(&stub.face);
		}
	}
	(void)mp_pipe_close(&stub.face, 0);
	return 0;
}

#include "post.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "edge_inside.h"

/* The same datagram is tried again after an error that may have been another's. */
#define TRIES_MAX 8

void post_init(struct post *post, struct datagrams *datagrams, post_unsent *unsent, void *context) {
	post->datagrams = datagrams;
	post->unsent = unsent;
	post->context = context;
	post->mark = 1;
	post->count = 0;
}

/* ---- putting in ---- */

static struct post_slot *next_slot(struct post *post, const struct post_to *to,
                                   const struct wire_head *head) {
	if (post->count == POST_SLOTS || (post->count > 0 && post->outlet != to->outlet)) {
		post_flush(post);
	}
	post->outlet = to->outlet;
	struct post_slot *slot = &post->each[post->count];
	slot->who = to->who;
	slot->head = *head;
	slot->target = to->target;
	return slot;
}

/* Returns how many pieces the datagram has. */
static size_t put_pieces(struct post_slot *slot, const struct key *key, struct slice body,
                         const struct body_hash *hash) {
	size_t head_bytes = wire_write_head(&slot->head, slot->bytes);
	struct slice head = slice_of((const char *)slot->bytes, head_bytes);
	if (body.size <= POST_SMALL_BYTES) {
		uint8_t *to = slot->bytes + head_bytes;
		if (body.size > 0) {
			memcpy(to, body.bytes, body.size);
		}
		keys_tag(key, head, hash, to + body.size);
		slot->parts[0] = (struct iovec){slot->bytes, head_bytes + body.size + TAG_BYTES};
		return 1;
	}
	keys_tag(key, head, hash, slot->bytes + head_bytes);
	/* The interface of sendmmsg() forgets const; it writes nothing. */
	slot->parts[0] = (struct iovec){slot->bytes, head_bytes};
	slot->parts[1] = (struct iovec){(void *)(uintptr_t)body.bytes, body.size};
	slot->parts[2] = (struct iovec){slot->bytes + head_bytes, TAG_BYTES};
	return 3;
}

void post_shared(struct post *post, const struct post_to *to, const struct wire_head *head,
                 struct slice body, const struct body_hash *hash) {
	struct post_slot *slot = next_slot(post, to, head);
	const struct outlet *outlet = &post->datagrams->outlets[post->outlet];
	struct msghdr *message = &post->slots[post->count++].msg_hdr;
	*message = (struct msghdr){.msg_name = &slot->target.to,
	                           .msg_namelen = outlet->name_bytes,
	                           .msg_iov = slot->parts,
	                           .msg_iovlen = put_pieces(slot, to->key, body, hash)};
	if (outlet->is_wildcard) {
		outlet_control_init(outlet, &slot->control);
		message->msg_controllen = outlet_control_set(outlet, &slot->control, &slot->target);
		message->msg_control = message->msg_controllen > 0 ? &slot->control : NULL;
	}
}

void post_small(struct post *post, const struct post_to *to, const struct wire_head *head,
                struct slice body) {
	struct body_hash hash;
	assert(body.size <= POST_SMALL_BYTES);
	keys_hash_body(body, &hash);
	post_shared(post, to, head, body, &hash);
}

/* ---- sending ---- */

static void give_back(struct post *post, unsigned from) {
	for (unsigned i = from; i < post->count; i++) {
		post->unsent(post->context, post->each[i].who, &post->each[i].head);
	}
}

/* The address that it should come from is ours no more: better from another than not at all. */
static bool lacks_address(struct msghdr *message, int error) {
	if ((error != EINVAL && error != EADDRNOTAVAIL) || message->msg_controllen == 0) {
		return false;
	}
	message->msg_control = NULL;
	message->msg_controllen = 0;
	return true;
}

/* False: no more goes out now. */
static bool on_failure(struct post *post, unsigned *at, unsigned *tries, int error) {
	switch (error) {
	case EAGAIN: datagrams_block(post->datagrams, post->outlet); return false;
	case ENOBUFS: datagrams_pause(post->datagrams); return false;
	case EINTR: return true;
	default: break;
	}
	if (lacks_address(&post->slots[*at].msg_hdr, error)) {
		return true;
	}
	/* Was it another's error, the next try succeeds; was it this one's own, it fails once more. */
	unsigned others = datagrams_take_errors(post->datagrams, post->outlet);
	if (++*tries >= (others > 0 ? TRIES_MAX : 2)) {
		/* As good as lost on the way. */
		board_count(post->datagrams->edge->house.own, COUNT_DATAGRAMS_UNSENT, 1);
		*at += 1;
		*tries = 0;
	}
	return true;
}

void post_flush(struct post *post) {
	struct board *own = post->datagrams->edge->house.own;
	int fd = post->datagrams->outlets[post->outlet].fd;
	unsigned at = 0, tries = 0;
	while (at < post->count) {
		int sent = sendmmsg(fd, &post->slots[at], post->count - at,
		                    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			board_count(own, COUNT_DATAGRAMS_OUT, (uint64_t)sent);
			at += (unsigned)sent;
			tries = 0;
		} else if (!on_failure(post, &at, &tries, errno)) {
			give_back(post, at);
			break;
		}
	}
	post->count = 0;
	post->mark++;
}

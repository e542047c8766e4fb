/*
 * plain_presence.c - who is still there.
 *
 * Silence: one timer, at the moment at which the first member would have been
 * silent for --idle; when it comes, all are looked at and the next such moment
 * is found. It comes at most some hundred times in that period, however many
 * there are, and never when nobody is a member.
 *
 * ICMP: "port unreachable" for a member's present address, twice, a second or
 * more apart, with nothing heard from it between, means that its program is
 * gone. Other errors say nothing about the program.
 *
 * Probes: nobody sends to a room in which nobody speaks; so when a name is
 * tried that a member holds, the holder is sent a datagram, and when that came
 * back as unreachable another one a second later.
 *
 * None of this ends a membership: it asks the hub to.
 */
#include <string.h>

#include "plain_inside.h"
#include "words.h"

/* 64 ticks are 1.05 s, and so, whatever is lost by rounding, at least a second. */
#define UNREACHABLE_TICKS 64

#define PROBE_AGAIN_US (1100 * 1000)
#define PROBE_PERIOD_US (60 * 1000 * 1000)
#define PROBE_OVER UINT64_MAX

/* How exactly silence is measured: a 256th of it, but not finer than this. */
#define IDLE_STEPS 256
#define IDLE_STEP_US_MIN (20 * 1000)
#define IDLE_S_MAX (365 * 86400.0)

static void say_gone(struct plain *plain, uint64_t session, enum reason reason) {
	struct record request = {
		.kind = REQUEST_GONE, .session = session, .reason = (uint16_t)reason};
	/* A full queue is no matter: it will be noticed again. */
	(void)edge_request(plain->edge, &request);
}

/* ---- silence ---- */

void presence_begin(struct plain *plain) {
	struct plain_presence *presence = &plain->presence;
	double idle_s = plain->edge->house.options->idle_s;
	presence->idle_due_us = LOOP_FOREVER;
	if (!(idle_s > 0) || idle_s > IDLE_S_MAX) {
		return;
	}
	presence->idle_us = (uint64_t)(idle_s * 1e6);
	presence->idle_ticks = ticks_of(presence->idle_us) + 1;
}

void presence_took_in(struct plain *plain, struct plain_member *member) {
	struct plain_presence *presence = &plain->presence;
	uint64_t now_us = plain_now_us(plain);
	member->heard = ticks_of(now_us);
	if (presence->idle_ticks != 0 && presence->idle_due_us == LOOP_FOREVER) {
		presence->idle_due_us = now_us + presence->idle_us;
	}
}

void presence_heard(struct plain *plain, const struct session *session) {
	unsigned outlet;
	struct plain_member *member = plain_find(plain, session_id(session), &outlet);
	if (member != NULL) {
		member->heard = ticks_of(plain_now_us(plain));
		member->unreachable = 0;
	}
}

/* Ends the silent ones of a roster; returns the longest silence of the others, in ticks. */
static uint32_t end_silent(struct plain *plain, const struct roster *roster, uint32_t now) {
	uint32_t longest = 0;
	struct roster_cursor cursor = {0};
	const struct plain_member *member;
	while ((member = roster_next(roster, &cursor)) != NULL) {
		uint32_t silence = now - member->heard;
		if (silence >= plain->presence.idle_ticks) {
			say_gone(plain, member->session, REASON_IDLE);
		} else if (silence > longest) {
			longest = silence;
		}
	}
	return longest;
}

static void look_for_silence(struct plain *plain, uint64_t now_us) {
	struct plain_presence *presence = &plain->presence;
	uint32_t longest = 0;
	size_t count = 0;
	for (unsigned i = 0; i < plain->outlets_count; i++) {
		uint32_t silence = end_silent(plain, &plain->rosters[i], ticks_of(now_us));
		longest = silence > longest ? silence : longest;
		count += plain->rosters[i].count;
	}
	if (count == 0) {
		presence->idle_due_us = LOOP_FOREVER;
		return;
	}
	uint64_t step_us = presence->idle_us / IDLE_STEPS;
	step_us = step_us > IDLE_STEP_US_MIN ? step_us : IDLE_STEP_US_MIN;
	uint64_t left_us = (uint64_t)(presence->idle_ticks - longest) << TICK_SHIFT;
	presence->idle_due_us = now_us + left_us + step_us;
}

/* ---- probes ---- */

static struct plain_probe *probe_of(struct plain *plain, uint64_t session) {
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		if (plain->presence.probes[i].session == session) {
			return &plain->presence.probes[i];
		}
	}
	return NULL;
}

static void send_probe(struct plain *plain, uint64_t session, struct slice name) {
	unsigned outlet;
	const struct plain_member *member = plain_find(plain, session, &outlet);
	char words[PLAIN_DATAGRAM_BYTES_MAX];
	struct record probe = {.kind = ANSWER_PROBE, .name = name};
	size_t size = words_probe(plain->language, &probe, words, sizeof(words));
	if (member == NULL) {
		return;
	}
	(void)datagrams_say(plain->datagrams, outlet, &member->target, slice_of(words, size));
}

/* A place for a new probe: one whose minute is over. NULL: too many at once. */
static struct plain_probe *free_probe(struct plain *plain, uint64_t now_us) {
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		struct plain_probe *probe = &plain->presence.probes[i];
		if (probe->session == 0 || now_us - probe->begun_us >= PROBE_PERIOD_US) {
			return probe;
		}
	}
	return NULL;
}

void presence_probe(struct plain *plain, const struct record *answer) {
	uint64_t now_us = plain_now_us(plain);
	unsigned outlet;
	if (plain_find(plain, answer->session, &outlet) == NULL) {
		return;
	}
	struct plain_probe *probe = probe_of(plain, answer->session);
	if (probe != NULL && now_us - probe->begun_us < PROBE_PERIOD_US) {
		return;
	}
	probe = probe != NULL ? probe : free_probe(plain, now_us);
	if (probe == NULL) {
		return;
	}
	*probe = (struct plain_probe){.session = answer->session, .begun_us = now_us};
	send_probe(plain, answer->session, answer->name);
}

static void probe_again(struct plain *plain, struct plain_probe *probe) {
	const struct session *session = state_session(plain->edge->state, probe->session);
	unsigned outlet;
	const struct plain_member *member = plain_find(plain, probe->session, &outlet);
	probe->again_us = PROBE_OVER;
	/* Heard from meanwhile, it is there. */
	if (session != NULL && member != NULL && member->unreachable != 0) {
		const struct person *person = state_person(
			plain->edge->state, session_person(plain->edge->state, session));
		send_probe(plain, probe->session, person_name(person));
	}
}

static void go_on_probing(struct plain *plain, uint64_t session, uint64_t now_us) {
	struct plain_probe *probe = probe_of(plain, session);
	if (probe != NULL && probe->again_us == 0) {
		probe->again_us = now_us + PROBE_AGAIN_US;
	}
}

/* ---- what ICMP says ---- */

void presence_on_error(void *context, const struct outlet_error *error) {
	struct plain *plain = context;
	const struct session *session;
	unsigned outlet;
	if (!error->is_port_unreachable ||
	    (session = state_session_at(plain->edge->state, &error->peer)) == NULL) {
		return;
	}
	struct plain_member *member = plain_find(plain, session_id(session), &outlet);
	if (member == NULL) {
		return;
	}
	uint64_t now_us = plain_now_us(plain);
	uint32_t now = ticks_of(now_us);
	if (member->unreachable != 0 && now + 1 - member->unreachable > UNREACHABLE_TICKS) {
		member->unreachable = 0; /* should the hub not hear of it, it begins anew */
		say_gone(plain, member->session, REASON_UNREACHABLE);
		return;
	}
	if (member->unreachable == 0) {
		member->unreachable = now | 1; /* 0 means never */
	}
	go_on_probing(plain, member->session, now_us);
}

/* ---- time ---- */

uint64_t presence_due_us(const struct plain *plain) {
	const struct plain_presence *presence = &plain->presence;
	uint64_t due_us = presence->idle_due_us;
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		uint64_t again_us = presence->probes[i].again_us;
		if (again_us != 0 && again_us < due_us) {
			due_us = again_us;
		}
	}
	return due_us;
}

void presence_tick(struct plain *plain, uint64_t now_us) {
	struct plain_presence *presence = &plain->presence;
	if (now_us >= presence->idle_due_us) {
		look_for_silence(plain, now_us);
	}
	for (unsigned i = 0; i < PROBES_MAX; i++) {
		struct plain_probe *probe = &presence->probes[i];
		if (probe->again_us != 0 && now_us >= probe->again_us) {
			probe_again(plain, probe);
		}
	}
}

/*
 * past.c - ASK: the lines of a room before some seq, or those that hold a text.
 *
 * The clerk has them; one question at a time is put to it, the others wait in a
 * queue of bounded length. Of its answer the newest that fit into eight pages are
 * given. A search over all rooms that one is in is one over everything, of which
 * the others' is left out: it goes on backwards until there is something.
 */
#include <stdlib.h>
#include <string.h>

#include "sessions_inside.h"
#include "utf8.h"

#define PAGES_MAX 8
/* Frame, question, page, pages, kind, more. */
#define PAGE_BYTES_MAX (WIRE_TALK_BODY_BYTES_MAX - 15)
/* Of a PART: item, seq, total, offset. */
#define PIECE_BYTES (PAGE_BYTES_MAX - 17)

#define PAST_WINDOW_BYTES (64 * 1024)
#define PAST_WINDOW_ENTRIES 64
/* Questions to the clerk for one search. */
#define ROUNDS_MAX 20

static struct past_job *first_job(struct past *past) {
	return &past->jobs[past->first];
}

static void ask_next(struct sessions *sessions) {
	struct past *past = &sessions->past;
	const struct past_job *job = first_job(past);
	if (past->count == 0 || past->is_asked) {
		return;
	}
	past->is_asked = true;
	past->given = 0;
	past->oldest = job->seq;
	stretch_restart(&past->window, 0);
	/* One more than wanted: whether there are more. */
	past->ask.text = job->text;
	asker_ask(&sessions->edge->asker, &past->ask,
	          job->kind == ASK_BEFORE ? CLERK_LAST : CLERK_SEARCH, job->room, job->seq - 1,
	          job->lines + 1u);
}

static void drop_text(struct past_job *job) {
	free((void *)(uintptr_t)job->text.bytes);
	job->text = slice_of(NULL, 0);
}

static void end_job(struct sessions *sessions) {
	struct past *past = &sessions->past;
	struct past_job *job = first_job(past);
	drop_text(job);
	*job = (struct past_job){0};
	past->first = (past->first + 1) % PAST_JOBS_MAX;
	past->count--;
	past->is_asked = false;
	ask_next(sessions);
}

/* The connection that asked; 0 if it is no more. */
static uint32_t asker_of(struct sessions *sessions, const struct past_job *job) {
	uint32_t handle = context_find(sessions, job->session);
	bool is_it = handle != 0 && context_at(sessions, handle)->connection == job->connection;
	return is_it ? handle : 0;
}

/* ---- what may be read ---- */

static bool may_read(const struct sessions *sessions, uint64_t person, uint64_t room) {
	uint64_t people[2];
	if (state_thread_people(sessions->edge->state, room, people)) {
		return people[0] == person || people[1] == person;
	}
	return state_is_member(sessions->edge->state, room, person);
}

static bool is_for(const struct sessions *sessions, uint64_t person, const struct record *entry) {
	if (record_is_direct(entry)) {
		return entry->person == person || entry->target == person;
	}
	for (size_t i = 0; i < record_rooms_count(entry); i++) {
		if (may_read(sessions, person, record_room(entry, i))) {
			return true;
		}
	}
	return record_rooms_count(entry) == 0;
}

/* ---- the answer ---- */

static bool is_long(const struct stretch_entry *entry) {
	return entry->size > PAGE_BYTES_MAX;
}

/* How many pages the entries from a number on take. */
static unsigned count_pages(const struct stretch *window, uint64_t number) {
	unsigned pages = 0;
	size_t left = 0;
	for (; number < window->end; number++) {
		const struct stretch_entry *entry = stretch_entry(window, number);
		if (is_long(entry)) {
			pages += (entry->size + PIECE_BYTES - 1) / PIECE_BYTES;
			left = 0;
		} else if (entry->size > left) {
			pages++;
			left = PAGE_BYTES_MAX - entry->size;
		} else {
			left -= entry->size;
		}
	}
	return pages > 0 ? pages : 1;
}

struct answer {
	struct sessions *sessions;
	uint32_t handle;
	struct wire_talk page;
	struct wire_out out;
	uint8_t bytes[PAGE_BYTES_MAX + 1];
	bool has_more;
};

static void begin_page(struct answer *answer) {
	answer->out = wire_out_at(answer->bytes, sizeof(answer->bytes));
	wire_put_u8(&answer->out, answer->has_more);
}

static void end_page(struct answer *answer) {
	answer->page.bytes = wire_out_slice(&answer->out);
	talk_say(answer->sessions, answer->handle, &answer->page);
	answer->page.page++;
	begin_page(answer);
}

static void put_long(struct answer *answer, const struct stretch *window,
                     const struct stretch_entry *entry) {
	const uint8_t *bytes = stretch_at(window, entry->at) + entry->head_bytes;
	size_t total = entry->size - entry->head_bytes;
	unsigned pieces = (entry->size + PIECE_BYTES - 1) / PIECE_BYTES;
	for (unsigned i = 0; i < pieces; i++) {
		size_t offset = i * total / pieces, end = (i + 1) * total / pieces;
		wire_put_u8(&answer->out, ITEM_PART);
		wire_put_varint(&answer->out, entry->seq);
		wire_put_varint(&answer->out, total);
		wire_put_varint(&answer->out, offset);
		wire_put_bytes(&answer->out, bytes + offset, end - offset);
		end_page(answer);
	}
}

static void put_entries(struct answer *answer, const struct stretch *window, uint64_t number) {
	for (; number < window->end; number++) {
		const struct stretch_entry *entry = stretch_entry(window, number);
		bool is_begun = answer->out.size > 1;
		if (is_begun &&
		    (is_long(entry) || answer->out.size + entry->size > PAGE_BYTES_MAX + 1)) {
			end_page(answer);
		}
		if (is_long(entry)) {
			put_long(answer, window, entry);
		} else {
			wire_put_bytes(&answer->out, stretch_at(window, entry->at), entry->size);
		}
	}
	if (answer->out.size > 1 || answer->page.page == 0) {
		end_page(answer);
	}
}

static void give_answer(struct sessions *sessions, const struct past_job *job, bool has_more) {
	const struct stretch *window = &sessions->past.window;
	uint64_t number = window->first;
	uint32_t handle = asker_of(sessions, job);
	if (handle == 0) {
		return;
	}
	while (window->end - number > job->lines || count_pages(window, number) > PAGES_MAX) {
		number++;
		has_more = true;
	}
	struct answer answer = {.sessions = sessions,
	                        .handle = handle,
	                        .has_more = has_more,
	                        .page = {.frame = FRAME_ANSWER,
	                                 .number = job->question,
	                                 .pages = (uint8_t)count_pages(window, number),
	                                 .kind = job->kind}};
	begin_page(&answer);
	put_entries(&answer, window, number);
}

/* ---- the clerk's answers ---- */

static void take_entry(struct sessions *sessions, const struct past_job *job, uint64_t person,
                       const struct record *entry) {
	struct past *past = &sessions->past;
	past->given++;
	past->oldest = entry->seq < past->oldest ? entry->seq : past->oldest;
	/* After the clerk's death a message may come twice. */
	if (entry->seq > past->window.high && (job->room != 0 || is_for(sessions, person, entry))) {
		log_window_add(&past->window, entry,
		               state_room_name(sessions->edge->state, entry->room));
	}
}

static void end_answer(struct sessions *sessions) {
	struct past *past = &sessions->past;
	struct past_job *job = first_job(past);
	bool has_more = past->given > job->lines || past->window.low > 0;
	if (has_more && past->window.first == past->window.end && job->rounds < ROUNDS_MAX) {
		job->rounds++;
		job->seq = past->oldest;
		past->is_asked = false;
		ask_next(sessions);
		return;
	}
	give_answer(sessions, job, has_more);
	end_job(sessions);
}

static void on_slice(void *context, struct slice_in_hand slice) {
	struct sessions *sessions = context;
	const struct past_job *job = first_job(&sessions->past);
	uint32_t handle = asker_of(sessions, job);
	uint64_t person = handle == 0 ? 0 : context_at(sessions, handle)->person;
	struct record entry;
	while (slice_next(&slice, &entry)) {
		take_entry(sessions, job, person, &entry);
	}
	bool is_last = slice.is_last;
	asker_release(&sessions->edge->asker);
	if (is_last) {
		board_count(sessions->edge->house.own, COUNT_SLICES, 1);
		end_answer(sessions);
	}
}

static void on_failure(void *context) {
	struct sessions *sessions = context;
	const struct past_job *job = first_job(&sessions->past);
	uint32_t handle = asker_of(sessions, job);
	if (handle != 0) {
		who_refuse(sessions, handle, job->question, REASON_UNAVAILABLE);
	}
	end_job(sessions);
}

/* ---- questions ---- */

/*
 * The newest question of this connection that is waiting or being answered, or NULL. One at a
 * time is asked: so a later one takes the place of one that only waits, and nobody has more
 * than two here.
 */
static struct past_job *newest_of(struct past *past, const struct past_job *asked,
                                  bool *is_under_way) {
	struct past_job *newest = NULL;
	for (unsigned i = 0; i < past->count; i++) {
		struct past_job *job = &past->jobs[(past->first + i) % PAST_JOBS_MAX];
		if (job->session == asked->session && job->connection == asked->connection) {
			newest = job;
			*is_under_way = i == 0;
		}
	}
	return newest;
}

static enum reason check(const struct sessions *sessions, const struct context *context,
                         const struct past_job *job, const struct wire_in *in) {
	if (in->is_bad || job->lines == 0 || job->lines > PAST_LINES_MAX ||
	    job->text.size > PAST_TEXT_BYTES_MAX || !utf8_is_valid(job->text) ||
	    (job->kind == ASK_SEARCH) != (job->text.size > 0)) {
		return REASON_BAD_ARGUMENT;
	}
	if (job->room == 0 ? job->kind != ASK_SEARCH
	                   : !may_read(sessions, context->person, job->room)) {
		return REASON_NOT_IN_ROOM;
	}
	return REASON_NONE;
}

void past_ask(struct sessions *sessions, uint32_t handle, const struct wire_talk *ask) {
	struct past *past = &sessions->past;
	const struct context *context = context_at(sessions, handle);
	struct wire_in in = wire_in_at(ask->bytes);
	struct past_job job = {.session = context->session,
	                       .connection = context->connection,
	                       .question = ask->number,
	                       .kind = ask->kind};
	job.room = wire_get_varint(&in);
	job.seq = wire_get_varint(&in);
	job.lines = wire_get_u8(&in);
	job.text = wire_get_rest(&in);
	bool is_under_way = false;
	struct past_job *before = newest_of(past, &job, &is_under_way);
	if (before != NULL && before->question >= job.question) {
		return; /* The same, asked again, or one that was late. */
	}
	struct past_job *place = before != NULL && !is_under_way ? before : NULL;
	enum reason reason = check(sessions, context, &job, &in);
	if (reason == REASON_NONE && place == NULL && past->count == PAST_JOBS_MAX) {
		reason = REASON_BUSY;
	}
	if (reason != REASON_NONE) {
		who_refuse(sessions, handle, ask->number, reason);
		return;
	}
	/* Before 0 there is nothing; and before what is to come, all that there is. */
	job.seq = job.seq > 0 ? job.seq : 1;
	job.seq = job.seq <= (uint64_t)INT64_MAX ? job.seq : (uint64_t)INT64_MAX;
	if (job.text.size > 0) {
		char *text = allocate(job.text.size);
		memcpy(text, job.text.bytes, job.text.size);
		job.text.bytes = text;
	} else {
		job.text = slice_of(NULL, 0);
	}
	if (place != NULL) {
		drop_text(place);
	} else {
		place = &past->jobs[(past->first + past->count++) % PAST_JOBS_MAX];
	}
	*place = job;
	ask_next(sessions);
}

/* ---- beginning and ending ---- */

void past_begin(struct sessions *sessions) {
	struct past *past = &sessions->past;
	past->ask = (struct ask){.take = on_slice, .fail = on_failure, .context = sessions};
	asker_add(&sessions->edge->asker, &past->ask);
	stretch_init(&past->window, PAST_WINDOW_BYTES, PAST_WINDOW_ENTRIES, 0);
}

void past_finish(struct sessions *sessions) {
	struct past *past = &sessions->past;
	for (unsigned i = 0; i < past->count; i++) {
		drop_text(&past->jobs[(past->first + i) % PAST_JOBS_MAX]);
	}
	stretch_finish(&past->window);
}

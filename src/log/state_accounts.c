/*
 * Accounts: whose they are, and their devices.
 *
 * An account has one person, for ever: the first one that was signed in to it. While it is
 * there its person is never ended: without a session it stays, or is dormant.
 */
#include <assert.h>

#include "state_inner.h"

static struct account *account_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.accounts, handle);
}
static struct device *device_at(const struct state *state, uint32_t handle) {
	return pool_at(&state->sides.devices, handle);
}

static uint64_t account_id_hash(const void *thing) {
	return hash_number(((const struct account *)thing)->id);
}
static uint64_t account_name_hash(const void *thing) {
	return ((const struct account *)thing)->name_hash;
}
static uint64_t account_person_hash(const void *thing) {
	return hash_number(((const struct account *)thing)->person);
}

void accounts_init(struct state *state) {
	struct sides *sides = &state->sides;
	pool_init(&sides->accounts, sizeof(struct account));
	pool_init(&sides->devices, sizeof(struct device));
	table_init(&sides->accounts_by_id, &sides->accounts, offsetof(struct account, link_id),
	           account_id_hash);
	table_init(&sides->accounts_by_name, &sides->accounts, offsetof(struct account, link_name),
	           account_name_hash);
	table_init(&sides->accounts_by_person, &sides->accounts,
	           offsetof(struct account, link_person), account_person_hash);
	alikes_init(state);
	seats_init(state);
}

void accounts_finish(struct state *state) {
	struct sides *sides = &state->sides;
	alikes_finish(state);
	seats_finish(state);
	table_finish(&sides->accounts_by_id);
	table_finish(&sides->accounts_by_name);
	table_finish(&sides->accounts_by_person);
	pool_finish(&sides->accounts);
	pool_finish(&sides->devices);
}

/* ---- finding ---- */

uint32_t find_account(const struct state *state, uint64_t id) {
	uint32_t handle = table_first(&state->sides.accounts_by_id, hash_number(id));
	while (handle != 0 && account_at(state, handle)->id != id) {
		handle = table_next(&state->sides.accounts_by_id, handle);
	}
	return handle;
}

uint32_t find_account_named(const struct state *state, struct slice name) {
	struct name_key key, other;
	if (state->sides.accounts.count == 0 || name_key(name, &key) != NAME_OK) {
		return 0;
	}
	uint32_t hash = name_hash_of(state, &key);
	uint32_t handle = table_first(&state->sides.accounts_by_name, hash);
	for (; handle != 0; handle = table_next(&state->sides.accounts_by_name, handle)) {
		const struct account *account = account_at(state, handle);
		if (account->name_hash == hash &&
		    name_key(text_of(state, account->name), &other) == NAME_OK &&
		    name_key_equal(&key, &other)) {
			break;
		}
	}
	return handle;
}

uint32_t find_account_of(const struct state *state, uint32_t person) {
	if (state->sides.accounts.count == 0) {
		return 0;
	}
	uint32_t handle = table_first(&state->sides.accounts_by_person, hash_number(person));
	while (handle != 0 && account_at(state, handle)->person != person) {
		handle = table_next(&state->sides.accounts_by_person, handle);
	}
	return handle;
}

uint32_t find_device(const struct state *state, uint32_t account, struct slice name) {
	uint32_t handle = account_at(state, account)->devices;
	while (handle != 0 && !slice_equal(text_of(state, device_at(state, handle)->name), name)) {
		handle = device_at(state, handle)->next;
	}
	return handle;
}

/* ---- rows ---- */

struct record row_of_account(const struct state *state, const struct account *account) {
	return (struct record){
		.kind = ROW_ACCOUNT,
		.target = account->id,
		.name = text_of(state, account->name),
		.person = account->person == 0 ? 0 : person_at(state, account->person)->id,
		.bits = account->bits};
}

struct record row_of_device(const struct state *state, const struct account *account,
                            uint32_t handle) {
	const struct device *device = device_at(state, handle);
	return (struct record){.kind = ROW_DEVICE,
	                       .target = account->id,
	                       .session = device->id,
	                       .name = text_of(state, device->name),
	                       .number = device->read_up_to,
	                       .since_us = device->since_us};
}

static void tell_account(struct state *state, const struct account *account, bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_account(state, account);
		tell(state, &row, is_gone);
	}
}

static void tell_device(struct state *state, const struct account *account, uint32_t handle,
                        bool is_gone) {
	if (state->changed != NULL) {
		struct record row = row_of_device(state, account, handle);
		tell(state, &row, is_gone);
	}
}

/* ---- devices ---- */

static void end_device(struct state *state, struct account *account, uint32_t handle) {
	uint32_t *at = &account->devices;
	while (*at != handle) {
		at = &device_at(state, *at)->next;
	}
	*at = device_at(state, handle)->next;
	tell_device(state, account, handle, true);
	set_text(state, &device_at(state, handle)->name, slice_of(NULL, 0));
	pool_give(&state->sides.devices, handle);
	account->devices_count--;
}

/* The one that was heard of longest ago; of those, the oldest. */
static uint32_t stalest(const struct state *state, const struct account *account) {
	uint32_t found = account->devices;
	for (uint32_t at = found; at != 0; at = device_at(state, at)->next) {
		const struct device *it = device_at(state, at), *least = device_at(state, found);
		bool is_before = it->since_us < least->since_us ||
		                 (it->since_us == least->since_us && it->id < least->id);
		found = is_before ? at : found;
	}
	return found;
}

uint32_t add_device(struct state *state, uint32_t account_handle, const struct record *from) {
	struct account *account = account_at(state, account_handle);
	if (account->devices_count >= DEVICES_PER_ACCOUNT_MAX) {
		end_device(state, account, stalest(state, account));
	}
	uint32_t handle = pool_take(&state->sides.devices);
	struct device *device = device_at(state, handle);
	device->id = from->session;
	device->read_up_to = from->number;
	device->since_us = from->since_us;
	set_text(state, &device->name, from->name);
	device->next = account->devices;
	account->devices = handle;
	account->devices_count++;
	tell_device(state, account, handle, false);
	return handle;
}

void note_device(struct state *state, uint32_t session, const struct record *entry) {
	uint32_t account = find_account_of(state, session_at(state, session)->person);
	struct slice name = seat_of(state, session);
	uint32_t handle = account == 0 ? 0 : find_device(state, account, name);
	if (account != 0 && handle == 0) {
		/* Its first one owes nothing to it. */
		add_device(state, account,
		           &(struct record){.session = session_at(state, session)->id,
		                            .number = entry->seq,
		                            .since_us = entry->time_us,
		                            .name = name});
	}
}

void note_read(struct state *state, uint32_t session, uint64_t seq, uint64_t time_us) {
	uint32_t account = find_account_of(state, session_at(state, session)->person);
	uint32_t handle = account == 0 ? 0 : find_device(state, account, seat_of(state, session));
	if (handle != 0 && device_at(state, handle)->read_up_to < seq) {
		device_at(state, handle)->read_up_to = seq;
		device_at(state, handle)->since_us = time_us;
		tell_device(state, account_at(state, account), handle, false);
	}
}

/* ---- accounts ---- */

uint32_t add_account(struct state *state, const struct record *from) {
	struct name_key key;
	uint32_t handle = pool_take(&state->sides.accounts);
	struct account *account = account_at(state, handle);
	account->id = from->target;
	account->name_hash = name_key(from->name, &key) == NAME_OK ? name_hash_of(state, &key) : 0;
	account->bits = (uint32_t)from->bits;
	account->person = from->person == 0 ? 0 : find_person(state, from->person);
	set_text(state, &account->name, from->name);
	table_add(&state->sides.accounts_by_id, handle);
	table_add(&state->sides.accounts_by_name, handle);
	add_alikes(state, handle, from->name);
	if (account->person != 0) {
		table_add(&state->sides.accounts_by_person, handle);
	}
	tell_account(state, account, false);
	return handle;
}

void set_account_bits(struct state *state, uint32_t handle, uint64_t bits) {
	account_at(state, handle)->bits = (uint32_t)bits;
	tell_account(state, account_at(state, handle), false);
}

static void set_person(struct state *state, uint32_t handle, uint32_t person) {
	struct account *account = account_at(state, handle);
	if (account->person != 0) {
		table_remove(&state->sides.accounts_by_person, handle);
	}
	account->person = person;
	if (person != 0) {
		table_add(&state->sides.accounts_by_person, handle);
	}
	tell_account(state, account, false);
}

/* Its sessions by their ids: 0 to start; 0 at the end. The order in which they hang on it is another in each state. */
static uint32_t next_by_id(const struct state *state, uint32_t person, uint32_t after) {
	uint64_t last = after == 0 ? 0 : session_at(state, after)->id;
	uint32_t found = 0, at = person_at(state, person)->sessions;
	for (; at != 0; at = session_after(session_at(state, at))) {
		uint64_t id = session_at(state, at)->id;
		if (id > last && (found == 0 || id < session_at(state, found)->id)) {
			found = at;
		}
	}
	return found;
}

void bind_account(struct state *state, uint32_t person, const struct record *entry) {
	uint32_t handle = find_account_named(state, person_name(person_at(state, person)));
	if (handle == 0 || find_account_of(state, person) != 0) {
		return;
	}
	uint32_t before = account_at(state, handle)->person;
	if (before != 0 && !person_at(state, before)->is_dormant) {
		return;
	}
	if (before != 0) {
		/* Only in a log of a version for which whoever left was over. */
		end_person(state, before);
	}
	set_person(state, handle, person);
	/* Two of them may be on one device, and there may be too many: the same remain in all states. */
	for (uint32_t at = 0; (at = next_by_id(state, person, at)) != 0;) {
		note_device(state, at, entry);
	}
}

void unbind_account(struct state *state, uint32_t person) {
	uint32_t handle = find_account_of(state, person);
	if (handle != 0) {
		set_person(state, handle, 0);
	}
}

void end_account(struct state *state, uint32_t handle) {
	struct account *account = account_at(state, handle);
	uint32_t person = account->person;
	end_standings_of(state, handle);
	while (account->devices != 0) {
		end_device(state, account, account->devices);
	}
	if (person != 0) {
		set_person(state, handle, 0);
	}
	tell_account(state, account, true);
	table_remove(&state->sides.accounts_by_id, handle);
	table_remove(&state->sides.accounts_by_name, handle);
	end_alikes(state, handle, text_of(state, account->name));
	set_text(state, &account->name, slice_of(NULL, 0));
	pool_give(&state->sides.accounts, handle);
	/* Who is connected goes on under its name; nobody else can come back as it. */
	if (person != 0 && person_at(state, person)->sessions == 0) {
		end_person(state, person);
	}
}

/* ---- what entries mean ---- */

/* Has somebody of that name signed in before the account was known? */
static void bind_holder(struct state *state, const struct record *entry) {
	uint32_t person = find_person_named(state, entry->name);
	if (person != 0 && (row_of_profile(state, person).bits & PERSON_HAS_ACCOUNT) != 0) {
		bind_account(state, person, entry);
	}
}

enum state_error on_account_made(struct state *state, const struct record *entry) {
	if (entry->name.size == 0 || entry->name.size > NAME_BYTES_MAX ||
	    find_account_named(state, entry->name) != 0) {
		return STATE_IMPOSSIBLE;
	}
	add_account(state, &(struct record){.target = entry->seq, .name = entry->name});
	bind_holder(state, entry);
	return STATE_OK;
}

enum state_error on_account_ended(struct state *state, const struct record *entry) {
	uint32_t account = find_account(state, entry->target);
	if (account == 0) {
		return STATE_IMPOSSIBLE;
	}
	end_account(state, account);
	return STATE_OK;
}

enum state_error on_account_set(struct state *state, const struct record *entry) {
	uint32_t account = find_account(state, entry->target);
	if (account == 0) {
		return STATE_IMPOSSIBLE;
	}
	set_account_bits(state, account, entry->bits);
	return STATE_OK;
}

static size_t count_sessions_of(const struct state *state, uint32_t person) {
	size_t count = 0;
	uint32_t at = person_at(state, person)->sessions;
	for (; at != 0; at = session_after(session_at(state, at))) {
		count++;
	}
	return count;
}

static bool is_of_streams(const struct state *state, uint32_t person) {
	uint32_t at = person_at(state, person)->sessions;
	while (at != 0 && is_stream(session_at(state, at)->face)) {
		at = session_after(session_at(state, at));
	}
	return at == 0;
}

enum state_error on_attached(struct state *state, const struct record *entry) {
	uint32_t person = find_person(state, entry->person);
	if (person == 0 || person_at(state, person)->is_dormant || entry->session == 0 ||
	    find_session(state, entry->session) != 0 || !is_stream(entry->face) ||
	    entry->secret.size > DEVICE_BYTES_MAX || !is_of_streams(state, person) ||
	    count_sessions_of(state, person) >= SESSIONS_PER_PERSON_MAX) {
		return STATE_IMPOSSIBLE;
	}
	struct record session = *entry;
	session.since_us = 0;
	begin_session(state, person, &session);
	return STATE_OK;
}

enum state_error on_detached(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0 || !is_stream(session_at(state, session)->face)) {
		return STATE_IMPOSSIBLE;
	}
	note_read(state, session, entry->number, entry->time_us);
	end_session(state, session);
	return STATE_OK;
}

enum state_error on_read(struct state *state, const struct record *entry) {
	uint32_t session = find_session(state, entry->session);
	if (session == 0 || !is_stream(session_at(state, session)->face)) {
		return STATE_IMPOSSIBLE;
	}
	note_read(state, session, entry->number, entry->time_us);
	return STATE_OK;
}

void begin_session(struct state *state, uint32_t person, const struct record *entry) {
	uint32_t session = add_session(state, entry->session, person, entry);
	if (is_stream(entry->face)) {
		set_seat(state, session, entry->secret, entry->nonce);
		note_device(state, session, entry);
	}
	if ((entry->bits & PERSON_HAS_ACCOUNT) != 0) {
		bind_account(state, person, entry);
	}
}

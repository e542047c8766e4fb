/* The simulation of the hub: the state that it holds, compared with the model. */
#ifndef HUB_SIMULATION_COMPARE_H
#define HUB_SIMULATION_COMPARE_H

#include "hub_simulation.h"

#include "name.h"

static inline void compare_stream(struct simulation *sim, const struct model_client *client,
                                  const struct person *person) {
	const struct state *state = sim->hub.state;
	bool is_even = client->address % 2 == 0;
	CHECK(slice_equal(person_userhost(state, person),
	                  slice_from_string(is_even ? "~u@even.qun" : "~u@odd.qun")));
	CHECK(person_bits(state, person) == client->bits);
	CHECK(slice_equal(person_away(state, person), slice_from_string(client->away)));
}

static inline void compare_memberships(struct simulation *sim, const struct model_client *client,
                                       uint64_t person) {
	const struct state *state = sim->hub.state;
	bool is_dormant = client->life == MODEL_DORMANT;
	for (int r = 0; r < MODEL_ROOMS; r++) {
		uint64_t room = r == MODEL_LOBBY ? ROOM_LOBBY : sim->model.rooms[r].id;
		bool is_in = state_member_since(state, room, person) != 0;
		CHECK(is_in == client->is_in[r]);
		CHECK(state_is_member(state, room, person) == (is_in && !is_dormant));
		CHECK(state_member_bits(state, room, person) == client->offices[r]);
		CHECK(state_is_invited(state, room, person) ==
		      sim->model.rooms[r].is_invited[model_number_of(&sim->model, client)]);
	}
}

static inline void compare_session(struct simulation *sim, const struct model_client *client,
                                   const struct model_session *it) {
	const struct state *state = sim->hub.state;
	const struct session *session = state_session(state, it->id);
	struct route route, there = route_of_address(it->address);
	CHECK(session != NULL && session_face(session) == FACE_IRC);
	CHECK(session_person(state, session) == client->session);
	CHECK(session_absent_since_us(state, session) == it->orphan_since_us);
	CHECK(session_route(state, session, &route) && address_equal(&route.peer, &there.peer));
	CHECK(session_home(session) == it->home);
	CHECK(slice_equal(session_device(state, session),
	                  slice_from_string(model_devices[it->device])));
}

/* Its person, with its sessions and no others; and its account. */
static inline void compare_stream_client(struct simulation *sim,
                                         const struct model_client *client) {
	const struct state *state = sim->hub.state;
	const struct person *person = state_person(state, client->session);
	const struct session *session = NULL;
	CHECK(person != NULL);
	CHECK(person_is_present(person) == (client->life != MODEL_DORMANT));
	CHECK(person_is_absent(state, person) == (client->life == MODEL_ABSENT));
	CHECK(slice_equal(person_name(person), slice_from_string(model_names[client->name].bytes)));
	for (int i = 0; i < client->sessions_count; i++) {
		compare_session(sim, client, &client->sessions[i]);
		session = person_session_next(state, person, session);
		CHECK(session != NULL);
	}
	CHECK(person_session_next(state, person, session) == NULL || session == NULL);
	CHECK(client->sessions_count > 0 || person_session_next(state, person, NULL) == NULL);
	uint64_t account = person_account(state, person);
	CHECK((account != 0) == client->is_bound);
	CHECK(account == 0 || (state_account_person(state, account) == client->session &&
	                       state_account_named(state, person_name(person)) == account));
	compare_memberships(sim, client, client->session);
	if (client->life != MODEL_DORMANT) {
		compare_stream(sim, client, person);
	}
}

static inline void compare_client(struct simulation *sim, const struct model_client *client) {
	const struct state *state = sim->hub.state;
	if (client->is_stream) {
		compare_stream_client(sim, client);
		return;
	}
	const struct session *session = state_session(state, client->session);
	CHECK(session != NULL);
	CHECK(session_face(session) == FACE_SESSION);
	const struct person *person = state_person(state, session_person(state, session));
	bool is_dormant = client->life == MODEL_DORMANT;
	CHECK(person_is_present(person) == !is_dormant);
	CHECK(person_is_absent(state, person) == (client->life == MODEL_ABSENT));
	CHECK(session_absent_since_us(state, session) ==
	      (client->life == MODEL_CONNECTED ? 0 : client->since_us));
	CHECK(slice_equal(person_name(person), slice_from_string(model_names[client->name].bytes)));
	CHECK(session_client_number(state, session) == client->number);
	CHECK(session_nonce(state, session) == client->nonce);
	CHECK(state_session_of_nonce(state, client->nonce) == session);
	struct route route, there = route_of_address(client->address);
	CHECK(session_route(state, session, &route) == !is_dormant);
	CHECK(is_dormant ||
	      (address_equal(&route.peer, &there.peer) && session_home(session) == client->home));
	compare_memberships(sim, client, person_id(person));
}

static inline void compare_clients(struct simulation *sim) {
	size_t absent = 0, dormant = 0, operators = 0;
	for (int i = 0; i < MODEL_CLIENTS; i++) {
		const struct model_client *client = &sim->model.clients[i];
		absent += client->life == MODEL_ABSENT;
		dormant += client->life == MODEL_DORMANT;
		if (client->life != MODEL_NOBODY) {
			operators += (client->bits & PERSON_IS_OPERATOR) != 0;
			compare_client(sim, client);
		}
	}
	CHECK(state_absent_count(sim->hub.state) == absent);
	CHECK(state_dormant_count(sim->hub.state) == dormant);
	CHECK(state_operators_count(sim->hub.state) == operators);
}

static inline void compare_charter(struct simulation *sim, const struct model_room *room,
                                   uint64_t id) {
	const struct state *state = sim->hub.state;
	const struct room_charter charter = state_room_charter(state, id);
	static const char letters[MODEL_LISTS] = {'b', 'e', 'I'};
	CHECK(charter.bits == room->bits && charter.limit == room->limit);
	CHECK(charter.founder == room->founder);
	CHECK(room->founder_account < 0
	              ? charter.founder_account.size == 0
	              : name_equal(charter.founder_account,
	                           slice_from_string(model_names[room->founder_account].bytes)));
	CHECK(charter.slow_s == room->slow_s);
	CHECK((charter.forward.size > 0) == (room->forward > 0));
	CHECK(slice_equal(charter.key, slice_from_string(room->has_key ? MODEL_KEY : "")));
	CHECK(slice_equal(charter.topic, slice_from_string(room->topic)));
	for (int list = 0; list < MODEL_LISTS; list++) {
		size_t count = 0;
		for (int i = 0; i < MODEL_MASKS; i++) {
			count += room->masks[list][i];
		}
		CHECK(state_masks_count(state, id, letters[list]) == count);
		struct room_mask mask = {0};
		while (state_mask_next(state, id, letters[list], &mask)) {
			int i = 0;
			while (i < MODEL_MASKS &&
			       !slice_equal(mask.mask, slice_from_string(model_masks[i]))) {
				i++;
			}
			CHECK(i < MODEL_MASKS && room->masks[list][i]);
		}
	}
}

static inline void compare_rooms(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	size_t rooms = 1;
	for (int r = 0; r < MODEL_ROOMS; r++) {
		const struct model_room *room = &sim->model.rooms[r];
		size_t present = 0, absent = 0;
		for (int i = 0; i < MODEL_PEOPLE; i++) {
			bool is_in = i < MODEL_ADDRESSES
			                     ? r == MODEL_LOBBY
			                     : sim->model.clients[i - MODEL_ADDRESSES].is_in[r];
			if (is_in && model_is_here(&sim->model, i)) {
				present++;
				absent += i >= MODEL_ADDRESSES &&
				          sim->model.clients[i - MODEL_ADDRESSES].life ==
				                  MODEL_ABSENT;
			}
		}
		uint64_t id = r == MODEL_LOBBY ? ROOM_LOBBY : room->id;
		CHECK(id == 0 || state_room_exists(state, id));
		CHECK(state_room_members_count(state, id) == present);
		CHECK(state_room_absent_count(state, id) == absent);
		CHECK(r == MODEL_LOBBY || state_room_empty_seq(state, id) == room->empty_seq);
		CHECK(id <= ROOM_LOBBY ||
		      slice_equal(state_room_name(state, id),
		                  slice_from_string(model_room_names[room->name].bytes)));
		if (id != 0) {
			compare_charter(sim, room, id);
		}
		rooms += r != MODEL_LOBBY && id != 0;
	}
	CHECK(state_rooms_count(state) == rooms);
}

static inline uint64_t person_in_model(const struct simulation *sim, int who) {
	return who < MODEL_ADDRESSES ? sim->model.people[who].session
	                             : sim->model.clients[who - MODEL_ADDRESSES].session;
}

/* A person's id is its session's here. */
static inline void compare_threads(struct simulation *sim) {
	size_t threads = 0;
	for (int a = 0; a < MODEL_PEOPLE; a++) {
		for (int b = a + 1; b < MODEL_PEOPLE; b++) {
			uint64_t thread = sim->model.threads[a][b];
			if (thread != 0) {
				threads++;
				CHECK(state_thread(sim->hub.state, person_in_model(sim, a),
				                   person_in_model(sim, b)) == thread);
			}
		}
	}
	CHECK(state_threads_count(sim->hub.state) == threads);
}

static inline size_t compare_data(struct simulation *sim, uint64_t room, uint64_t person,
                                  const char data[MODEL_KEYS][MODEL_PHRASE]) {
	const struct state *state = sim->hub.state;
	size_t count = 0;
	for (int key = 0; key < MODEL_KEYS; key++) {
		struct slice value =
			state_metadata(state, room, person, slice_from_string(model_keys[key]));
		CHECK(slice_equal(value, slice_from_string(data[key])));
		count += value.size > 0;
	}
	CHECK(state_metadata_of(state, room, person) == count);
	return count;
}

/* What everybody has read, and what is said of everybody and of rooms. */
static inline void compare_shelves(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	const struct model *model = &sim->model;
	size_t marks = 0, data = 0;
	for (int who = 0; who < MODEL_PEOPLE; who++) {
		bool is_plain = who < MODEL_ADDRESSES;
		const struct model_client *client =
			is_plain ? NULL : &model->clients[who - MODEL_ADDRESSES];
		if (is_plain ? !model->people[who].is_here : client->life == MODEL_NOBODY) {
			continue;
		}
		uint64_t id = person_in_model(sim, who);
		data += compare_data(sim, 0, id, is_plain ? model->people[who].data : client->data);
		for (int i = 0; !is_plain && i < MODEL_PEOPLE + MODEL_ROOMS; i++) {
			int r = i - MODEL_PEOPLE;
			uint64_t mark = r < 0 ? client->marks[i]
			                      : model->rooms[r].marks[client - model->clients];
			uint64_t room = r < 0              ? 0
			                : r == MODEL_LOBBY ? ROOM_LOBBY
			                                   : model->rooms[r].id;
			marks += mark != 0;
			CHECK(state_mark_us(state, id, room, r < 0 ? person_in_model(sim, i) : 0) ==
			      mark);
		}
	}
	for (int r = 0; r < MODEL_ROOMS; r++) {
		uint64_t room = r == MODEL_LOBBY ? ROOM_LOBBY : model->rooms[r].id;
		data += room == 0 ? 0 : compare_data(sim, room, 0, model->rooms[r].data);
	}
	CHECK(state_marks_count(state) == marks);
	CHECK(state_metadata_count(state) == data);
}

/* The state is the model's. */
static inline void compare_with_model(struct simulation *sim) {
	const struct state *state = sim->hub.state;
	size_t mutes = 0, accounts = 0;
	CHECK(state_people_count(state) == (size_t)model_count(&sim->model));
	compare_clients(sim);
	compare_rooms(sim);
	compare_threads(sim);
	compare_shelves(sim);
	for (int i = 0; i < MODEL_ADDRESSES; i++) {
		const struct model_person *person = &sim->model.people[i];
		struct route route = route_of_address(i);
		const struct session *session = state_session_at(state, &route.peer);
		CHECK((session != NULL) == person->is_here);
		if (session != NULL) {
			const struct person *there =
				state_person(state, session_person(state, session));
			struct slice name = slice_from_string(model_names[person->name].bytes);
			CHECK(slice_equal(person_name(there), name));
			CHECK(state_person_named(state, name) == there);
			CHECK(session_home(session) == person->home);
			CHECK(session_id(session) == person->session);
			CHECK(state_member_bits(state, ROOM_LOBBY, person_id(there)) ==
			      person->office);
		}
	}
	for (int i = 0; i < MODEL_NAMES; i++) {
		mutes += sim->model.mutes[i].is_there;
		accounts += sim->model.accounts[i];
		uint64_t account =
			state_account_named(state, slice_from_string(model_names[i].bytes));
		CHECK(model_names[i].same != i || (account != 0) == sim->model.accounts[i]);
		CHECK(model_names[i].same != i ||
		      state_account_bits(state, account) == sim->model.account_bits[i]);
	}
	CHECK(state_restrictions_count(state) == mutes + sim->model.bans_count);
	CHECK(state_accounts_count(state) == accounts);
}

#endif

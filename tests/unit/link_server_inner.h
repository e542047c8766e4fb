/* What the files of link_server.h have of each other. */
#ifndef LINK_SERVER_INNER_H
#define LINK_SERVER_INNER_H

#include "link_server.h"

/* link_network.c */
void sim_random_bytes(void *context, void *bytes, size_t size);
void sim_send_to_client(struct sim *sim, unsigned address, const uint8_t *bytes, size_t size);

/* link_server.c */
void sim_on_datagram(struct sim *sim, unsigned address, struct slice datagram);

/* link_server_log.c */
struct sim_entry *sim_append(struct sim *sim, unsigned kind, uint64_t person, const char *name,
                             uint64_t room, struct slice text);
void sim_set_other(struct sim_entry *logged, const char *other);
/* All rooms that the session is in. */
void sim_set_rooms(struct sim_entry *logged, const struct sim_session *session);
void sim_put_item(struct wire_out *out, const struct sim_entry *logged);
size_t sim_item_bytes(const struct sim_entry *logged);
void sim_send_packet(struct sim *sim, struct sim_session *session, uint8_t type, uint64_t from,
                     uint64_t to, const struct wire_out *body);
void sim_pump(struct sim *sim, struct sim_session *session);
void sim_on_ack(struct sim_session *session, const struct wire_ack *ack);

/* link_server_decide.c */
struct sim_session *sim_named(struct sim *sim, const char *name);
/* True if it is kept, or was before. */
bool sim_on_message(struct sim *sim, struct sim_session *session, const struct wire_talk *talk);
void sim_on_ask(struct sim *sim, struct sim_session *session, const struct wire_talk *talk);

#endif

/*
 * sessions.h - the face that speaks the session dialect over UDP:
 * datagrams that lose nothing. Its specification is docs/PROTOCOL.md; bytes
 * and keys are src/session's.
 *
 *   sessions          the face: what each record means to the sessions served here
 *   greet             HELLO to REFUSED: coming in, with nothing kept before the cookie
 *   contexts          the connections: 200 bytes for each that is idle
 *   talk              datagrams of connections: acknowledgements, messages, questions
 *   inbox             messages in pieces, or before their turn
 *   forward           messages to the hub, in order; KEPT back
 *   serve             the log to each connection: from its cursor to the head
 *   sending             what is on its way, lost, next (pure)
 *   congestion          how fast (pure)
 *   holes               what was lost (pure)
 *   log_window          a stretch of the log, rendered once for all (pure; stretch.h)
 *   packing             entries into one datagram's body (pure)
 *   memberships         who reads which rooms, from where to where (pure)
 *   post                sendmmsg
 *   sessions_car      stretches of the log that are older, for who is far behind (car.h)
 *   lost              after a new start: telling everybody; and who is absent
 *   who, past         answers to questions: of the state, of the history
 *   wheel             a timer for each connection
 *
 * Loss, history and coming back are one thing here, a cursor: what a
 * connection gets next is the range of seqs behind it, rendered from the
 * log, whether that is new, was lost on the way, or happened while it was away.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "face.h"

extern const struct edge_face sessions_face;

#endif

/*
 * plain.h - the face that speaks the plain dialect over UDP: what a classroom
 * speaks, and `nc -u`. Its specification is docs/PROTOCOL.md.
 *
 *   plain             the face: what each record means to plain members
 *   plain_input       datagrams that come: requests, or refused
 *   plain_parse       bytes into a request
 *   plain_render      entries and answers into datagrams
 *   plain_deliver     the datagrams of a record, on their way
 *   plain_hold        with --fsync: OK waits for the disk
 *   plain_presence    who is still there: silence, ICMP, probes
 *   plain_history     `H`: the last lines
 *   plain_roster      the members, as sending needs them
 *   fanout            the same datagrams to many
 *   datagrams         the ground: sockets, input (with outlet, own_ports)
 */
#ifndef PLAIN_H
#define PLAIN_H

#include "face.h"

extern const struct edge_face plain_face;

#endif

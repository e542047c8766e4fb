/*
 * edge.h - the process between the sockets and the log: bytes into requests,
 * entries into bytes.
 *
 *   edge.c          the process
 *   ring_walk       its cursor in the log: each record, in order, to the faces
 *   asker           questions to the clerk
 *   limiter         how often something may be
 *   face.h          what a face is
 *   datagram/       the sockets, and the plain dialect over UDP
 *   session/        the session dialect over UDP
 *   stream/         connections over TCP, and the log to each
 */
#ifndef EDGE_H
#define EDGE_H

int edge_main(const char *argv0);

#endif

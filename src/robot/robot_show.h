/*
 * robot_show.h - what the robot shows on standard output, a line at a time:
 *
 *	qun: ready robot=127.0.0.1:9999 model=select
 *	online: 1
 *	report: 1 online
 *	client 127.0.0.1:53210 since 2026-11-23T20:15:00Z lines 12
 *
 * Each line leaves whole, with one write, at once. Nobody who is served waits for a reader of standard
 * output that does not read: a line that finds no room is left out.
 */
#ifndef ROBOT_SHOW_H
#define ROBOT_SHOW_H

#include <stdint.h>

#include "address.h"

void show_ready(const struct address *address, const char *model);
void show_online(unsigned online);

/* The answer to SIGUSR1: how many, and then each. Waits for a slow reader, but not for ever. */
void show_report(unsigned online);
void show_client(const struct address *peer, uint64_t since_us, uint64_t lines);

#endif

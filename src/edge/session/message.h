/*
 * message.h - a message's bytes into what the hub is asked for. What is wrong
 * with it, as far as no state is needed to see that, makes it a request of its
 * own: its number is used up all the same. Pure.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "inbox.h"
#include "record.h"

/* Slices point into the message. Session, number and connection are the caller's to fill in. */
void message_request(const struct message *message, struct record *request);

#endif

/* site_inside.h - what the files of the site share. */
#ifndef SITE_INSIDE_H
#define SITE_INSIDE_H

#include "edge_inside.h"
#include "site.h"

struct site_visit {
	struct edge *edge;
	const struct http_request *request;
	const struct address *peer;
	struct http_answer *answer;
	enum site_next next;
};

/* chat.c */
void site_chat(struct site_visit *visit);
bool site_chat_is_asked_for(const struct site_visit *visit);

/* health.c */
void site_health(struct site_visit *visit);

#endif

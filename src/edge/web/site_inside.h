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
bool site_is_running(const struct board *board);
void site_health(struct site_visit *visit);

/* metrics.c */
void site_metrics(struct site_visit *visit);

/* page.c */
struct site_asset;
const struct site_asset *site_asset_at(struct slice path);
void site_page(struct site_visit *visit, const struct site_asset *asset);

#endif

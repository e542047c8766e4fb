#include "site.h"

#include "site_inside.h"

struct row {
	const char *path;
	void (*visit)(struct site_visit *visit);
};

/* The page, and its parts; at / also IRC, for clients that know no path. */
static void visit_page(struct site_visit *visit) {
	if (site_chat_is_asked_for(visit) &&
	    slice_equal(visit->request->path, slice_from_string("/"))) {
		site_chat(visit);
	} else {
		site_page(visit, site_asset_at(visit->request->path));
	}
}

static const struct row page = {NULL, visit_page};

static const struct row rows[] = {
	{"/healthz", site_health},
	{"/irc", site_chat},
	{"/metrics", site_metrics},
};

static const struct row *row_of(struct slice path) {
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (slice_equal(path, slice_from_string(rows[i].path))) {
			return &rows[i];
		}
	}
	return site_asset_at(path) == NULL ? NULL : &page;
}

static bool is_one_of(struct slice method, const char *const words[]) {
	for (size_t i = 0; words[i] != NULL; i++) {
		if (slice_equal(method, slice_from_string(words[i]))) {
			return true;
		}
	}
	return false;
}

enum site_next site_answer(struct edge *edge, const struct http_request *request,
                           const struct address *peer, struct http_answer *answer) {
	static const char *const reading[] = {"GET", "HEAD", NULL};
	static const char *const others[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", NULL};
	const struct row *row = row_of(request->path);
	struct site_visit visit = {
		.edge = edge, .request = request, .peer = peer, .answer = answer};
	if (!is_one_of(request->method, reading) && !is_one_of(request->method, others)) {
		http_answer_words(answer, 501, "This server does not know that method");
	} else if (row == NULL) {
		http_answer_words(answer, 404, "There is nothing here");
	} else if (!is_one_of(request->method, reading)) {
		http_answer_words(answer, 405, "This can only be read");
		http_answer_field(answer, "Allow", "GET, HEAD");
	} else {
		row->visit(&visit);
	}
	return visit.next;
}

/* page.c - the page and its parts: whole, in the smallest form that is taken, or 304. */
#include <string.h>

#include "site_assets.h"
#include "site_inside.h"

/*
 * Nothing but what is ours runs, is shown, or is spoken to; and nobody else has the page in a frame. What
 * people say is text, and should it ever become more, this is what it may not do.
 */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
	"'self'; "
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
	"form-action 'none'; frame-ancestors 'none'";

const struct site_asset *site_asset_at(struct slice path) {
	for (unsigned i = 0; i < site_assets_count; i++) {
		if (slice_equal(path, slice_from_string(site_assets[i].path))) {
			return &site_assets[i];
		}
	}
	return NULL;
}

static const struct site_form *form_for(const struct http_request *request,
                                        const struct site_asset *asset, const char **coding) {
	if (asset->brotli.bytes.size > 0 && http_accepts_coding(request, "br")) {
		*coding = "br";
		return &asset->brotli;
	}
	if (asset->gzip.bytes.size > 0 && http_accepts_coding(request, "gzip")) {
		*coding = "gzip";
		return &asset->gzip;
	}
	*coding = NULL;
	return &asset->plain;
}

/* RFC 9110, 13.1.2: weak or not is the same here. */
static bool has_it(const struct http_request *request, const char *etag) {
	struct slice list, word;
	if (!http_find(request, "If-None-Match", &list)) {
		return false;
	}
	while (http_next_word(&list, &word)) {
		if (slice_starts_with(word, slice_from_string("W/"))) {
			word = slice_from(word, 2);
		}
		if (slice_equal(word, slice_from_string(etag)) ||
		    slice_equal(word, slice_from_string("*"))) {
			return true;
		}
	}
	return false;
}

void site_page(struct site_visit *visit, const struct site_asset *asset) {
	struct http_answer *answer = visit->answer;
	const char *coding;
	const struct site_form *form = form_for(visit->request, asset, &coding);
	answer->status = 304;
	http_answer_field(answer, "ETag", form->etag);
	/* It may be kept, but is asked for each time: a new server has a new page. */
	http_answer_field(answer, "Cache-Control", "no-cache");
	http_answer_field(answer, "Vary", "Accept-Encoding");
	http_answer_field(answer, "Content-Security-Policy", policy);
	if (has_it(visit->request, form->etag)) {
		return;
	}
	answer->status = 200;
	answer->type = asset->type;
	answer->body = form->bytes;
	if (coding != NULL) {
		http_answer_field(answer, "Content-Encoding", coding);
	}
}

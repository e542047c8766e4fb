/* site_assets.h - the page's files, as web/embed.py put them into this program. */
#ifndef SITE_ASSETS_H
#define SITE_ASSETS_H

#include "slice.h"

struct site_form {
	struct slice bytes; /* none: it is not there in this form */
	const char *etag;   /* with its quotes */
};

struct site_asset {
	const char *path, *type;
	struct site_form plain, gzip, brotli;
};

extern const struct site_asset site_assets[];
extern const unsigned site_assets_count;

#endif

/*
 * http_input.h - those who speak HTTP over the stream face's port: requests off what has come, in order, an
 * answer each (../web/site.h). A connection is nothing but its held bytes; between two requests it is none.
 */
#ifndef HTTP_INPUT_H
#define HTTP_INPUT_H

#include "stream_inside.h"

/* Takes what may be taken off *bytes. True: what is left is no request yet. */
bool http_input(struct stream *stream, struct stream_connection *it, struct slice *bytes);
/* It has been at its request for too long, or has had none for that long. */
void http_look_at(struct stream *stream, struct stream_connection *it);

#endif

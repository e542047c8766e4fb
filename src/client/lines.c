#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "face.h"
#include "mp_errors.h"
#include "screenwire.h"

int lines_run(const struct face_start *start) {
	uint8_t buffer[SCREENWIRE_BYTES_MAX];
	struct tell tell = {0};
	wish_send(start->pipe, &(struct wish){.kind = WISH_ATTACH}, MP_FOREVER);
	while (tell_receive(start->pipe, &tell, buffer, 1000) == 0) {
		printf("%d %.*s %.*s\n", tell.kind, (int)tell.name.size, tell.name.bytes,
		       (int)tell.text.size, tell.text.bytes);
	}
	return 0;
}

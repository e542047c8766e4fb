#include "face.h"

int screen_run(const struct face_start *start) {
	return lines_run(start);
}

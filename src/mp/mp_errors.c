#include "mp_errors.h"

const char *mp_strerror(int error) {
	switch (error) {
	case MP_OK: return "done";
	case MP_HOLDER_DIED: return "done, but the last holder died with the lock";
#define MP_ROW(number, name, sentence)                                                             \
	case name: return sentence;
		MP_ERRORS(MP_ROW)
#undef MP_ROW
	default: return error > 0 ? "done" : "an unknown error";
	}
}

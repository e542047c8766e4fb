#include "irc_numeric.h"

const char *irc_numeric_text(unsigned number) {
	switch (number) {
#define IRC_NUMERIC_CASE(number_, name, text)                                                      \
	case name: return text;
		IRC_NUMERICS(IRC_NUMERIC_CASE)
#undef IRC_NUMERIC_CASE
	default: return "";
	}
}

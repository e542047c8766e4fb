#include "config.h"

void config_defaults(struct config *config, struct config_secrets *secrets) {
	*config = (struct config){
		.version = 1,
		.server = "qun.local",
		.network = "qun",
		.description = "qun",
		.access = ACCESS_OPEN,
		.has_registration = true,
		.connections_per_network = 256,
		.ping_s = 120,
		.ping_timeout_s = 120,
		.register_s = 60,
	};
	*secrets = (struct config_secrets){0};
}

/* A configuration file of any bytes is taken or refused with a sentence; taken means within its bounds. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
	static struct config config;
	static struct config_secrets secrets;
	char trouble[CONFIG_TROUBLE_BYTES];
	if (size > CONFIG_FILE_BYTES_MAX) {
		return 0;
	}
	if (!config_parse("f", slice_of((const char *)bytes, size), &config, &secrets, trouble)) {
		assert(trouble[0] != '\0' && memchr(trouble, '\0', sizeof trouble) != NULL);
		return 0;
	}
	assert(memchr(config.server, '\0', sizeof config.server) != NULL);
	assert(memchr(config.network, '\0', sizeof config.network) != NULL);
	assert(memchr(config.motd, '\0', sizeof config.motd) != NULL);
	assert(secrets.operators_count <= CONFIG_OPERATORS_MAX);
	assert(config.access != ACCESS_PASSWORD || secrets.password[0] != '\0');
	for (uint32_t i = 0; i < secrets.operators_count; i++) {
		assert(secrets.operators[i].hash[0] == '$' && secrets.operators[i].name[0] != '\0');
	}
	assert(config.ping_s > 0 && config.ping_timeout_s > 0 && config.register_s > 0);
	return 0;
}

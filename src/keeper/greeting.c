#include "greeting.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tongue.h"

#define ADDRESSES_SHOWN_MAX 4

struct text {
	char *bytes;
	size_t size;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
	va_list arguments;
	va_start(arguments, format);
	size_t room = text->room - text->size;
	int size = vsnprintf(text->bytes + text->size, room, format, arguments);
	va_end(arguments);
	if (size > 0) {
		text->size += (size_t)size < room ? (size_t)size : room - 1;
	}
}

size_t greeting_ready_line(const struct options *options, char *out, size_t out_size) {
	struct text text = {.bytes = out, .room = out_size};
	add(&text, "qun: ready");
	for (unsigned i = 0; i < options->listeners_count; i++) {
		char address[ADDRESS_TEXT_MAX];
		add(&text, " udp=%s", address_format(&options->listeners[i].address, address));
	}
	for (unsigned i = 0; i < options->listeners_count; i++) {
		char address[ADDRESS_TEXT_MAX];
		add(&text, " tcp=%s", address_format(&options->listeners[i].address, address));
	}
	add(&text, " data=%s\n", options->data);
	return text.size;
}

/* ---- This machine's addresses ---- */

struct shown {
	char ips[ADDRESSES_SHOWN_MAX][ADDRESS_TEXT_MAX];
	unsigned count;
	const char *join; /* what `nc` is told */
	bool is_private;  /* nobody in that address's network may join: see --plain-from */
};

static bool is_unspecified(const struct address *address) {
	static const uint8_t zero[16];
	return memcmp(address->ip, zero, 12) == 0 ||
	       (address_is_v4(address) && memcmp(address->ip + 12, zero, 4) == 0);
}

static bool is_link_local(const struct address *address) {
	return address->ip[0] == 0xFE && (address->ip[1] & 0xC0) == 0x80;
}

static bool may_join_from(const struct options *options, const struct address *address) {
	bool may = options->plain_from_any;
	for (unsigned i = 0; i < options->plain_nets_count && !may; i++) {
		may = net_holds(&options->plain_nets[i], address);
	}
	return may;
}

static void show(struct shown *shown, const struct options *options,
                 const struct address *address) {
	if (shown->count == ADDRESSES_SHOWN_MAX) {
		return;
	}
	const char *ip = address_format_ip(address, shown->ips[shown->count++]);
	if (shown->join == NULL && may_join_from(options, address)) {
		shown->join = ip;
	}
}

static socklen_t sockaddr_size(const struct sockaddr *address) {
	return address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
	                                     : sizeof(struct sockaddr_in6);
}

/* Of one family: those that other machines can reach. */
static void show_interfaces(struct shown *shown, const struct options *options,
                            const struct ifaddrs *all, int family) {
	for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
		struct address address;
		bool is_used = (one->ifa_flags & IFF_UP) && !(one->ifa_flags & IFF_LOOPBACK);
		if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family || !is_used) {
			continue;
		}
		if (address_from_sockaddr(&address, one->ifa_addr, sockaddr_size(one->ifa_addr)) &&
		    !is_link_local(&address)) {
			show(shown, options, &address);
		}
	}
}

static void find_interfaces(struct shown *shown, const struct options *options) {
	const struct listener *listener = &options->listeners[0];
	bool has_v4 = listener->is_any || listener->is_v4_only;
	const char *self = has_v4 ? "127.0.0.1" : "::1";
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) == 0) {
		if (has_v4) {
			show_interfaces(shown, options, all, AF_INET);
		}
		if (!listener->is_v4_only) {
			show_interfaces(shown, options, all, AF_INET6);
		}
		freeifaddrs(all);
	}
	if (shown->count == 0) {
		snprintf(shown->ips[shown->count++], ADDRESS_TEXT_MAX, "%s", self);
	} else if (shown->join == NULL) {
		/* What is said to its public addresses comes from one, and would be refused. */
		shown->join = self;
		shown->is_private = true;
	}
}

static void find_addresses(struct shown *shown, const struct options *options) {
	const struct address *address = &options->listeners[0].address;
	*shown = (struct shown){0};
	if (is_unspecified(address)) {
		find_interfaces(shown, options);
	} else {
		show(shown, options, address);
		shown->is_private = shown->join == NULL;
	}
	shown->join = shown->join != NULL ? shown->join : shown->ips[0];
}

/* ---- For people ---- */

static void add_addresses(struct text *text, const struct shown *shown) {
	for (unsigned i = 0; i < shown->count; i++) {
		add(text, "%s%s", i > 0 ? ", " : "", shown->ips[i]);
	}
}

static void say_in_chinese(struct text *text, const struct shown *shown, unsigned port,
                           const char *data) {
	add(text, "本机地址: ");
	add_addresses(text, shown);
	add(text, "，端口 %u (UDP)\n", port);
	add(text, "加入: nc -u %s %u，然后输入 L 小明%s\n", shown->join, port,
	    shown->is_private ? "（公网上的人: 见 --plain-from）" : "");
	add(text, "防火墙: sudo ufw allow %u/udp\n", port);
	add(text, "数据: %s\n", data);
	add(text, "停止: 按 Ctrl-C；聊天记录和成员都会保留\n");
}

static void say_in_english(struct text *text, const struct shown *shown, unsigned port,
                           const char *data) {
	add(text, "this machine: ");
	add_addresses(text, shown);
	add(text, ", port %u (UDP)\n", port);
	add(text, "join: nc -u %s %u, then type L 小明%s\n", shown->join, port,
	    shown->is_private ? " (from public networks: see --plain-from)" : "");
	add(text, "firewall: sudo ufw allow %u/udp\n", port);
	add(text, "data: %s\n", data);
	add(text, "stop: Ctrl-C; what was said is kept, and so are the members\n");
}

size_t greeting_for_people(const struct options *options, enum language language, char *out,
                           size_t out_size) {
	struct text text = {.bytes = out, .room = out_size};
	struct shown shown;
	find_addresses(&shown, options);
	unsigned port = options->listeners[0].address.port;
	if (language == LANGUAGE_ZH) {
		say_in_chinese(&text, &shown, port, options->data);
	} else {
		say_in_english(&text, &shown, port, options->data);
	}
	return text.size;
}

static void write_all(int fd, const char *bytes, size_t size) {
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);
		if (written <= 0) {
			return; /* nobody reads it: the server runs all the same */
		}
		bytes += written;
		size -= (size_t)written;
	}
}

void greeting_say(const struct options *options) {
	char text[16 * 1024];
	write_all(STDOUT_FILENO, text, greeting_ready_line(options, text, sizeof text));
	if (isatty(STDERR_FILENO)) {
		write_all(STDERR_FILENO, text,
		          greeting_for_people(options, tongue(), text, sizeof text));
	}
}

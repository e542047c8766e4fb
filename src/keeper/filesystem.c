/*
 * filesystem.c - file systems whose files several machines write. A shared
 * mapping, or SQLite's WAL, on one of these is at best refused and at worst
 * two machines' different opinions.
 */
#include "filesystem.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>

static const struct {
	uint32_t magic;
	const char *name;
} network[] = {
	{0x6969, "NFS"},
	{0x517B, "SMB"},
	{0xFF534D42, "CIFS"},
	{0xFE534D42, "SMB2"},
	{0x00C36400, "Ceph"},
	{0x5346414F, "AFS"},
	{0x6B414653, "AFS"},
	{0x73757245, "Coda"},
	{0x564C, "NCP"},
	{0x01021997, "9P"},
	{0x01161970, "GFS2"},
	{0x7461636F, "OCFS2"},
	{0x0BD00BD0, "Lustre"},
	{0x47504653, "GPFS"},
	{0x19830326, "BeeGFS"},
	{0xAAD7AAEA, "PanFS"},
	{0x786F4256, "VirtualBox"},
	{0xBACBACBC, "VMware"},
};

const char *filesystem_is_network(int fd) {
	struct statfs status;
	if (fstatfs(fd, &status) < 0) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof network / sizeof network[0]; i++) {
		if ((uint32_t)status.f_type == network[i].magic) {
			return network[i].name;
		}
	}
	return NULL;
}

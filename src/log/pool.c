#include "pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

void *allocate(size_t size) {
	return allocate_again(NULL, size);
}

void *allocate_again(void *old, size_t size) {
	void *memory = realloc(old, size == 0 ? 1 : size);
	if (memory == NULL) {
		diag_exit(EXIT_TRY_AGAIN, "out of memory: %zu bytes could not be had", size);
	}
	return memory;
}

void pool_init(struct pool *pool, size_t item_bytes) {
	assert(item_bytes >= sizeof(uint32_t));
	/* Handle 0 is nobody: its place is never given out. */
	*pool = (struct pool){.item_bytes = item_bytes, .used = 1};
}

void pool_finish(struct pool *pool) {
	for (uint32_t i = 0; i < pool->chunks_count; i++) {
		free(pool->chunks[i]);
	}
	free(pool->chunks);
	*pool = (struct pool){0};
}

uint32_t pool_take(struct pool *pool) {
	uint32_t handle = pool->free;
	if (handle != 0) {
		pool->free = *(uint32_t *)pool_at(pool, handle);
	} else {
		handle = pool->used;
		assert(handle != UINT32_MAX);
		if (handle / POOL_CHUNK_ITEMS >= pool->chunks_count) {
			pool->chunks = allocate_again(pool->chunks,
			                              (pool->chunks_count + 1) * sizeof(char *));
			pool->chunks[pool->chunks_count] =
				allocate(POOL_CHUNK_ITEMS * pool->item_bytes);
			pool->chunks_count++;
		}
		pool->used++;
	}
	memset(pool_at(pool, handle), 0, pool->item_bytes);
	pool->count++;
	return handle;
}

void pool_give(struct pool *pool, uint32_t handle) {
	assert(handle != 0 && pool->count > 0);
	*(uint32_t *)pool_at(pool, handle) = pool->free;
	pool->free = handle;
	pool->count--;
}

static uint32_t *link_of(const struct table *table, uint32_t handle) {
	return (uint32_t *)((char *)pool_at(table->pool, handle) + table->link_offset);
}

void table_init(struct table *table, const struct pool *pool, size_t link_offset,
                uint64_t (*hash)(const void *thing)) {
	*table = (struct table){.pool = pool,
	                        .link_offset = link_offset,
	                        .hash = hash,
	                        .size = TABLE_FIRST,
	                        .mask = TABLE_FIRST - 1};
	table->parts[0] = allocate(TABLE_FIRST * sizeof(uint32_t));
	memset(table->parts[0], 0, TABLE_FIRST * sizeof(uint32_t));
}

void table_finish(struct table *table) {
	for (size_t i = 0; i < TABLE_PARTS; i++) {
		free(table->parts[i]);
	}
	*table = (struct table){0};
}

/* One bucket more: it takes its share of the one that its things were in. */
static void grow(struct table *table) {
	uint32_t new = table->size++;
	if (new > table->mask) {
		/* Memory for a whole part; what is not used yet is not touched. */
		unsigned part = 28 - (unsigned)__builtin_clz(new);
		table->parts[part] = allocate((size_t) new * sizeof(uint32_t));
		table->mask = table->mask * 2 + 1;
	}
	uint32_t *bucket = table_bucket(table, new);
	*bucket = 0;
	for (uint32_t *at = table_bucket(table, new & table->mask / 2); *at != 0;) {
		uint32_t handle = *at;
		uint32_t *link = link_of(table, handle);
		if ((table->hash(pool_at(table->pool, handle)) & table->mask) == new) {
			*at = *link;
			*link = *bucket;
			*bucket = handle;
		} else {
			at = link;
		}
	}
}

void table_add(struct table *table, uint32_t handle) {
	/* Two things a bucket: half the memory, for a step more in every other chain. */
	if (table->count / 2 >= table->size) {
		grow(table);
	}
	uint32_t *bucket = table_bucket_of(table, table->hash(pool_at(table->pool, handle)));
	*link_of(table, handle) = *bucket;
	*bucket = handle;
	table->count++;
}

void table_remove(struct table *table, uint32_t handle) {
	uint32_t *at = table_bucket_of(table, table->hash(pool_at(table->pool, handle)));
	while (*at != handle) {
		assert(*at != 0);
		at = link_of(table, *at);
	}
	*at = *link_of(table, handle);
	table->count--;
}

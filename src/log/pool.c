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

#define BUCKETS_FIRST 16

static uint32_t *link_of(const struct table *table, uint32_t handle) {
	return (uint32_t *)((char *)pool_at(table->pool, handle) + table->link_offset);
}

void table_init(struct table *table, const struct pool *pool, size_t link_offset,
                uint64_t (*hash)(const void *thing)) {
	*table = (struct table){.pool = pool,
	                        .link_offset = link_offset,
	                        .hash = hash,
	                        .buckets = allocate(BUCKETS_FIRST * sizeof(uint32_t)),
	                        .mask = BUCKETS_FIRST - 1};
	memset(table->buckets, 0, BUCKETS_FIRST * sizeof(uint32_t));
}

void table_finish(struct table *table) {
	free(table->buckets);
	*table = (struct table){0};
}

static void put(struct table *table, uint32_t handle) {
	uint32_t *bucket = &table->buckets[table->hash(pool_at(table->pool, handle)) & table->mask];
	*link_of(table, handle) = *bucket;
	*bucket = handle;
}

static void grow(struct table *table) {
	uint32_t *old = table->buckets;
	uint32_t old_mask = table->mask;
	table->mask = old_mask * 2 + 1;
	size_t bytes = ((size_t)table->mask + 1) * sizeof(uint32_t);
	table->buckets = allocate(bytes);
	memset(table->buckets, 0, bytes);
	for (uint32_t i = 0; i <= old_mask; i++) {
		for (uint32_t handle = old[i]; handle != 0;) {
			uint32_t next = *link_of(table, handle);
			put(table, handle);
			handle = next;
		}
	}
	free(old);
}

void table_add(struct table *table, uint32_t handle) {
	/* Two things a bucket: half the memory, for a step more in every other chain. */
	if (table->count / 2 > table->mask) {
		grow(table);
	}
	put(table, handle);
	table->count++;
}

void table_remove(struct table *table, uint32_t handle) {
	uint64_t hash = table->hash(pool_at(table->pool, handle));
	uint32_t *at = &table->buckets[hash & table->mask];
	while (*at != handle) {
		assert(*at != 0);
		at = link_of(table, *at);
	}
	*at = *link_of(table, handle);
	table->count--;
}

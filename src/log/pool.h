/*
 * pool.h - many small things of one size, and tables to find them by.
 *
 * A thing's handle is an index (32 bits, never 0), half the size of a pointer
 * and good for a table's links. Things never move. Memory is taken in chunks
 * and goes on a free list when given back.
 *
 * A table chains things through a link that each thing has inside (4 bytes),
 * with buckets that double when there are more than two things a bucket.
 *
 * Running out of memory ends the process (exit code EXIT_TRY_AGAIN).
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool {
	size_t item_bytes;
	char **chunks;
	uint32_t chunks_count;
	uint32_t used; /* handles given out so far, free ones included */
	uint32_t free; /* head of the free list; 0: empty */
	uint32_t count;
};

/* item_bytes is at least 4. */
void pool_init(struct pool *pool, size_t item_bytes);
void pool_finish(struct pool *pool);
/* A zeroed thing. */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t handle);

/*
 * Chunks are large enough that malloc maps them apart: pages not yet used cost
 * nothing, and what others free between them goes back to the system.
 */
#define POOL_CHUNK_ITEMS 4096

static inline void *pool_at(const struct pool *pool, uint32_t handle) {
	return pool->chunks[handle / POOL_CHUNK_ITEMS] +
	       handle % POOL_CHUNK_ITEMS * pool->item_bytes;
}

struct table {
	const struct pool *pool;
	size_t link_offset; /* where in a thing the uint32_t link is */
	uint64_t (*hash)(const void *thing);
	uint32_t *buckets;
	uint32_t mask;
	uint32_t count;
};

void table_init(struct table *table, const struct pool *pool, size_t link_offset,
                uint64_t (*hash)(const void *thing));
void table_finish(struct table *table);
void table_add(struct table *table, uint32_t handle);
void table_remove(struct table *table, uint32_t handle);

/* The chain in which things with this hash are: its first handle, then the next; 0 at the end. */
static inline uint32_t table_first(const struct table *table, uint64_t hash) {
	return table->buckets[hash & table->mask];
}
static inline uint32_t table_next(const struct table *table, uint32_t handle) {
	return *(const uint32_t *)((const char *)pool_at(table->pool, handle) + table->link_offset);
}

/* malloc and kin that never return NULL. */
void *allocate(size_t size);
void *allocate_again(void *old, size_t size);

/* A number's hash: neighbours spread. */
static inline uint64_t hash_number(uint64_t number) {
	number ^= number >> 33;
	number *= 0xff51afd7ed558ccdULL;
	number ^= number >> 33;
	number *= 0xc4ceb9fe1a85ec53ULL;
	return number ^ number >> 33;
}

#endif

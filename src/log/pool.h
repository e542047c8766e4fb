/*
 * pool.h - many small things of one size, and tables to find them by.
 *
 * A thing's handle is an index (32 bits, never 0), half the size of a pointer
 * and good for a table's links. Things never move. Memory is taken in chunks
 * and goes on a free list when given back.
 *
 * A table chains things through a link that each thing has inside (4 bytes).
 * When there are more than two things a bucket, it gets one bucket more, which
 * takes its share of one of the others: so it is never half empty, as a table
 * that doubles is, and no addition waits for all things to be put elsewhere.
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

#define TABLE_FIRST 16
#define TABLE_PARTS 29

struct table {
	const struct pool *pool;
	size_t link_offset; /* where in a thing the uint32_t link is */
	uint64_t (*hash)(const void *thing);
	uint32_t size;  /* how many buckets there are */
	uint32_t mask;  /* of a hash: the smallest that reaches them all */
	uint32_t count; /* things */
	/* The buckets: 16, and each time as many as there are already; nothing is ever moved. */
	uint32_t *parts[TABLE_PARTS];
};

void table_init(struct table *table, const struct pool *pool, size_t link_offset,
                uint64_t (*hash)(const void *thing));
void table_finish(struct table *table);
void table_add(struct table *table, uint32_t handle);
void table_remove(struct table *table, uint32_t handle);

/* A bucket, from 0 to size-1: the first of its chain, or 0. Whoever wants all things, walks through these. */
static inline uint32_t *table_bucket(const struct table *table, uint32_t at) {
	unsigned part = at < TABLE_FIRST ? 0 : 28 - (unsigned)__builtin_clz(at);
	return &table->parts[part][part == 0 ? at : at - (TABLE_FIRST / 2 << part)];
}
/* Where things with this hash are. */
static inline uint32_t *table_bucket_of(const struct table *table, uint64_t hash) {
	uint32_t at = (uint32_t)(hash & table->mask);
	return table_bucket(table, at < table->size ? at : at & table->mask / 2);
}
/* The chain there: its first handle, then the next; 0 at the end. */
static inline uint32_t table_first(const struct table *table, uint64_t hash) {
	return *table_bucket_of(table, hash);
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

/* Memory for one object that children share, for the inside of the kit. */
#ifndef MP_SHARED_H
#define MP_SHARED_H

#include <stddef.h>

/* Zeroes, shared with the children that are started from now on; NULL and errno when refused. */
void *mp_shared_make(size_t size);

/* NULL is fine. */
void mp_shared_give_back(void *memory, size_t size);

#endif

/* What every unit test includes: cmocka, and before it the headers that it takes for granted. */
#ifndef QUN_UNIT_H
#define QUN_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

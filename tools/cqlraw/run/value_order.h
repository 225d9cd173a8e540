/*
 * value_order.h - which of two values of one type is the greater. Pure.
 */
#ifndef CQLRAW_VALUE_ORDER_H
#define CQLRAW_VALUE_ORDER_H

#include <cqlraw/value.h>

/* Whether values of this type are compared here: scalars but decimal and duration. */
bool value_has_order(enum cqlr_type_id id);
/* Whether these are bytes that a value of the type can have, and a value: neither null nor, where a
 * type has no empty text, empty. */
bool value_is_set(enum cqlr_type_id id, struct cqlr_value v);
bool value_has_width(enum cqlr_type_id id, struct cqlr_value v);
/* < 0, 0, > 0. Both are set, of the right width, of a type that has an order. */
int value_compare(enum cqlr_type_id id, struct cqlr_value a, struct cqlr_value b);

#endif

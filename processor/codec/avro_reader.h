/* avro_reader.h - the values of Avro's binary encoding, each with a bound. Whoever reads on
 * from a broken reader gets zeros. */
#pragma once

#include "base/reader.h"

/* Borrowed; broken if it is no UTF-8. */
struct span avro_reader_text(struct reader *r);

double avro_reader_double(struct reader *r);

/* The branch of ["null", T]: is there a T? */
bool avro_reader_given(struct reader *r);

/* Items of the next block of a list or map that had `so_far`; 0: it is over. */
int64_t avro_reader_block(struct reader *r, int64_t so_far);

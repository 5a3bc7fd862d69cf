/* library_memory.h - what avro-c and jansson do when there is no memory: nothing more.
 *
 * Neither can be trusted to tell. avro-c copies names to where its allocation failed and
 * crashes; jansson drops a member, or calls a schema no JSON. So both get an allocator that
 * ends the program, as our own arena does: restarting is safe, a wrong schema is not.
 */
#pragma once

/* Once, before anything of either library is used and before threads start. */
void library_memory_insist(void);

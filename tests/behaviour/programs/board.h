/* What a program needs of the board: text out, and the end with a code. board.c has the start-up code, too.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
void board_write(const char* bytes, size_t size);
__attribute__((noreturn)) void board_exit(int code);
#ifdef __cplusplus
}
#endif

#endif

/* Variables that ROM and firmware share, with the code that uses them. */
#ifndef STATE_H
#define STATE_H

void state_start(void); /* the ROM's: gives the variables values */
void state_work(const char* who);

#endif

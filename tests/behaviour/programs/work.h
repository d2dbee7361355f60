/* The work that both images do: it prints what it computes with the library. `who`: the image; `rounds`: how
 * much. */
#ifndef WORK_H
#define WORK_H

#ifdef __cplusplus
extern "C" {
#endif
void work(const char* who, int rounds);
void more_work(void); /* the firmware's only */
#ifdef __cplusplus
}
#endif

#endif

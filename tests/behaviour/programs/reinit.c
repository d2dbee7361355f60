/* What romlink defines: in a plain link there is nothing to restore. */
#include <romlink/reinit.h>

void romlink_reinit_shared(void) {}

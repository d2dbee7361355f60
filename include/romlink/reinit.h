/* Restores the initial values of variables that a firmware shares with its boot ROM.
 *
 * Where the policy says `reinit`, a variable of the firmware is the ROM's object in the shared RAM range, and
 * start-up code does not initialise that range: call this once, after start-up code and before the first use
 * of such a variable.
 *
 * `romlink link` and ld.romlink define the function; in a link without a ROM it does nothing. A firmware that
 * shares variables to be restored and never calls it fails to link. It needs a stack of 8 bytes, uses no
 * other memory, and is not to be interrupted by code that uses the variables.
 */
#ifndef ROMLINK_REINIT_H
#define ROMLINK_REINIT_H

#ifdef __cplusplus
extern "C" {
#endif

void romlink_reinit_shared(void);

#ifdef __cplusplus
}
#endif

#endif

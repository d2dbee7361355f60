/* The same code in both images. */
#ifdef __cplusplus
extern "C" {
#endif
void shared_work(char* text, int* numbers, unsigned count);
unsigned state_next(unsigned by);
unsigned state_put(unsigned char byte);
unsigned state_resize(unsigned by);
unsigned state_own(unsigned by);
unsigned state_work(unsigned n);
#ifdef __cplusplus
}
#endif

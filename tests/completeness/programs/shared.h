/* The same code in both images. */
#ifdef __cplusplus
extern "C"
#endif
    void
    shared_work(char* text, int* numbers, unsigned count);

/* Windows has a library of this name; Wine 8 has none, and the cryptography library does not load without it.
   Its one function is asked of the older name of the same source of randomness.
   For proofs under Wine alone. It lies in Wine's system folder, as Windows' own does, and is never packed. */

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long size);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, unsigned long long size)
{
    const unsigned long most = 1u << 20;
    while (size > 0) {
        unsigned long part = size < most ? (unsigned long)size : most;
        if (!SystemFunction036(buffer, part))
            return 0;
        buffer += part;
        size -= part;
    }
    return 1;
}

/* The source of random bytes of Windows 10, which older Wine lacks: every Rust program asks for it when it starts. */
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }

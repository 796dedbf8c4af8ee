/* Rust's standard library takes random numbers from ProcessPrng of bcryptprimitives.dll, which every Windows 10
   has and Wine 8 lacks. This stands in for it in tests, beside the program. It never goes into a release. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}

/* Windows 10 and 11 have a library of this name; Wine 8 has none, and Qt does not load without it.
   Every call says that it failed, and Qt does without: it only reads and writes old character sets by it.
   For proofs under Wine alone. It lies in Wine's system folder, as Windows' own does, and is never packed. */

#define EXPORTED __declspec(dllexport)

typedef signed char icu_bool;
typedef int icu_error;
enum { NOT_SUPPORTED = 16 };

static void refuse(icu_error *error)
{
    if (error)
        *error = NOT_SUPPORTED;
}

EXPORTED void *ucnv_open(const char *name, icu_error *error)
{
    (void)name;
    refuse(error);
    return 0;
}

EXPORTED const char *ucnv_getName(const void *converter, icu_error *error)
{
    (void)converter;
    refuse(error);
    return 0;
}

EXPORTED const char *ucnv_getStandardName(const char *name, const char *standard, icu_error *error)
{
    (void)name;
    (void)standard;
    refuse(error);
    return 0;
}

EXPORTED int ucnv_fromUCountPending(const void *converter, icu_error *error)
{
    (void)converter;
    refuse(error);
    return 0;
}

EXPORTED int ucnv_toUCountPending(const void *converter, icu_error *error)
{
    (void)converter;
    refuse(error);
    return 0;
}

EXPORTED int ucnv_countAvailable(void) { return 0; }

EXPORTED const char *ucnv_getAvailableName(int index)
{
    (void)index;
    return 0;
}

EXPORTED icu_bool ucnv_getMaxCharSize(const void *converter)
{
    (void)converter;
    return 1;
}

/* What follows wants a converter, of which there is none. */
EXPORTED void ucnv_close(void *converter) { (void)converter; }
EXPORTED void ucnv_reset(void *converter) { (void)converter; }
EXPORTED void ucnv_fromUnicode(void) {}
EXPORTED void ucnv_toUnicode(void) {}
EXPORTED void ucnv_getFromUCallBack(void) {}
EXPORTED void ucnv_getToUCallBack(void) {}
EXPORTED void ucnv_setFromUCallBack(void) {}
EXPORTED void ucnv_setToUCallBack(void) {}
EXPORTED void ucnv_cbFromUWriteUChars(void) {}
EXPORTED void ucnv_cbToUWriteUChars(void) {}
EXPORTED void UCNV_FROM_U_CALLBACK_SUBSTITUTE(void) {}
EXPORTED void UCNV_TO_U_CALLBACK_SUBSTITUTE(void) {}

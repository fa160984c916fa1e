/* Loaded before the C library: counts the calls that write, sync or cut files in whose path a word stands, and lets the
   n-th of them fail, or all from it on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int counted, nth, is_lasting, code, is_paused = 1;
static char word[64];

void disk_arm(int at, int lasting, int error, const char *name) {
  counted = 0, nth = at, is_lasting = lasting, code = error, is_paused = 0;
  strncpy(word, name, sizeof word - 1);
}

void disk_pause(int paused) { is_paused = paused; }

int disk_count(void) { return counted; }

static int fails(int file) {
  char link[64], path[4096];
  if (is_paused) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strstr(path, word)) return 0;
  counted++;
  if (counted != nth && !(is_lasting && nth > 0 && counted > nth)) return 0;
  errno = code;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *from, size_t size) { return fails(file) ? -1 : REAL(write)(file, from, size); }
ssize_t pwrite(int file, const void *from, size_t size, off_t at) {
  return fails(file) ? -1 : REAL(pwrite)(file, from, size, at);
}
ssize_t pwrite64(int file, const void *from, size_t size, off64_t at) {
  return fails(file) ? -1 : REAL(pwrite64)(file, from, size, at);
}
int fsync(int file) { return fails(file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails(file) ? -1 : REAL(fdatasync)(file); }
int ftruncate(int file, off_t size) { return fails(file) ? -1 : REAL(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return fails(file) ? -1 : REAL(ftruncate64)(file, size); }

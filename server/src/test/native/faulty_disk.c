/*
 * A disk that remembers in which order things happened to it, and fails when it is told to. Loaded into a
 * server's process by LD_PRELOAD; looks at the files below one folder, and at nothing else.
 *
 *   FAULTY_DISK_ROOT     the folder, absolute and without symbolic links
 *   FAULTY_DISK_JOURNAL  where each change goes, one record after the other; absent: nowhere
 *   FAULTY_DISK_CONTROL  40 bytes and a name that say what is to fail; absent: nothing is
 *   FAULTY_DISK_SYNC_US  how long each sync waits before it begins, in microseconds; absent: not at all
 *
 * A change and its record are made under one lock, so the order of the records is the order of the changes. A
 * process that is killed from outside may have made a change that has no record; so that one which is told by
 * the control to end is killed by a thread of its own, under that lock.
 * A record, in the machine's own byte order:
 *
 *   u32 length of all, u32 what, u64 file (its inode), u64 offset, size or moment, u32 length of name,
 *   u32 length of other name, then the names, then the bytes written
 *
 * A moment is a length of the journal. A sync makes safe what had happened when it was called, not what came
 * while it went on; its record has that moment. With a journal there is no other disk: the real sync is left out.
 * What would pass this by (memory that is mapped for writing, direct output) is put down as a record of its
 * own, which makes the test fail that reads it. Not seen are files that the C library opens for its own streams:
 * those in which RocksDB says what it does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum what {
  CREATED = 1,
  WRITTEN = 2,
  TRUNCATED = 3,
  SYNCED = 4,
  RENAMED = 5,
  UNLINKED = 6,
  LINKED = 7,
  FOLDER_MADE = 8,
  FOLDER_REMOVED = 9,
  FOLDER_SYNCED = 10,
  UNSEEN = 11,
  SYNC_FAILED = 12
};

/* What is to fail: bits of control.calls. */
enum calls { CALL_WRITE = 1, CALL_SYNC = 2, CALL_READ = 4, CALL_CREATE = 8, CALL_RENAME = 16, CALL_RESIZE = 32 };

struct control {
  volatile uint32_t calls;    /* 0: none */
  volatile int32_t error;     /* an errno */
  volatile int64_t skip;      /* calls that still succeed before */
  volatile int64_t times;     /* calls that fail; negative: all of them */
  volatile int64_t failed;    /* calls that have failed */
  volatile uint32_t shorten;  /* not 0: the first write that fails writes half of its bytes instead */
  volatile uint32_t end;      /* not 0: the process is to be killed, between two changes */
  volatile char part[256];    /* only files whose name has this in it; empty: all */
};

struct entry {
  int known;
  int folder;
  int append;
  int sync;
  uint64_t inode;
  char *name;
};

#define MOST_FDS 65536
static struct entry entries[MOST_FDS];
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char root[PATH_MAX];
static size_t root_length;
static int journal = -1;
static uint64_t moment; /* how long the journal is; guarded by lock */
static struct control *control;
static useconds_t sync_wait;

#define REAL(result, name, ...) static result (*real_##name)(__VA_ARGS__)
REAL(int, open, const char *, int, ...);
REAL(int, openat, int, const char *, int, ...);
REAL(int, close, int);
REAL(int, dup, int);
REAL(int, dup2, int, int);
REAL(int, dup3, int, int, int);
REAL(ssize_t, read, int, void *, size_t);
REAL(ssize_t, pread, int, void *, size_t, off_t);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(ssize_t, writev, int, const struct iovec *, int);
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
REAL(int, ftruncate, int, off_t);
REAL(int, truncate, const char *, off_t);
REAL(int, fallocate, int, int, off_t, off_t);
REAL(int, posix_fallocate, int, off_t, off_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, rename, const char *, const char *);
REAL(int, renameat, int, const char *, int, const char *);
REAL(int, unlink, const char *);
REAL(int, unlinkat, int, const char *, int);
REAL(int, link, const char *, const char *);
REAL(int, linkat, int, const char *, int, const char *, int);
REAL(int, mkdir, const char *, mode_t);
REAL(int, mkdirat, int, const char *, mode_t);
REAL(int, rmdir, const char *);
REAL(void *, mmap, void *, size_t, int, int, int, off_t);
REAL(ssize_t, sendfile, int, int, off_t *, size_t);
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);

static void *end_when_told(void *nothing) {
  while (control->end == 0) {
    usleep(1000);
  }
  pthread_mutex_lock(&lock);
  kill(getpid(), SIGKILL);
  return nothing;
}

/* Starts that thread, which takes no signals: they are for the process's own. */
static void watch(void) {
  sigset_t all, before;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, end_when_told, NULL) != 0) {
    abort();
  }
  pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void find_all(void) {
#define FIND(name) real_##name = dlsym(RTLD_NEXT, #name)
  FIND(open);
  FIND(openat);
  FIND(close);
  FIND(dup);
  FIND(dup2);
  FIND(dup3);
  FIND(read);
  FIND(pread);
  FIND(write);
  FIND(pwrite);
  FIND(writev);
  FIND(pwritev);
  FIND(ftruncate);
  FIND(truncate);
  FIND(fallocate);
  FIND(posix_fallocate);
  FIND(fsync);
  FIND(fdatasync);
  FIND(rename);
  FIND(renameat);
  FIND(unlink);
  FIND(unlinkat);
  FIND(link);
  FIND(linkat);
  FIND(mkdir);
  FIND(mkdirat);
  FIND(rmdir);
  FIND(mmap);
  FIND(sendfile);
  FIND(copy_file_range);

  const char *folder = getenv("FAULTY_DISK_ROOT");
  if (folder == NULL || strlen(folder) >= sizeof root) {
    return;
  }
  const char *file = getenv("FAULTY_DISK_JOURNAL");
  if (file != NULL) {
    journal = real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) {
      perror("the disk's journal");
      abort();
    }
    moment = (uint64_t)lseek(journal, 0, SEEK_END);
  }
  file = getenv("FAULTY_DISK_CONTROL");
  if (file != NULL) {
    int fd = real_open(file, O_RDWR | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED
                        : real_mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
      perror("the disk's control");
      abort();
    }
    real_close(fd);
    control = page;
    watch();
  }
  const char *wait = getenv("FAULTY_DISK_SYNC_US");
  sync_wait = wait == NULL ? 0 : (useconds_t)atol(wait);
  strcpy(root, folder);
  root_length = strlen(root);
}

__attribute__((constructor)) static void begin(void) { pthread_once(&once, find_all); }

/* ---- names */

/* The absolute name, without ., .. and double slashes; NULL when it is not below the root. */
static const char *below_root(int folder, const char *name, char *room) {
  pthread_once(&once, find_all);
  if (root_length == 0 || name == NULL) {
    return NULL;
  }
  char whole[2 * PATH_MAX];
  if (name[0] == '/') {
    if (strlen(name) >= PATH_MAX) {
      return NULL;
    }
    strcpy(whole, name);
  } else {
    char at[PATH_MAX];
    if (folder == AT_FDCWD) {
      if (getcwd(at, sizeof at) == NULL) {
        return NULL;
      }
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t length = readlink(link, at, sizeof at - 1);
      if (length < 0) {
        return NULL;
      }
      at[length] = 0;
    }
    if (snprintf(whole, sizeof whole, "%s/%s", at, name) >= PATH_MAX) {
      return NULL;
    }
  }
  size_t length = 0;
  char *rest;
  for (char *part = strtok_r(whole, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
    if (strcmp(part, ".") == 0) {
      continue;
    }
    if (strcmp(part, "..") == 0) {
      while (length > 0 && room[--length] != '/') {
      }
      continue;
    }
    room[length++] = '/';
    strcpy(room + length, part);
    length += strlen(part);
  }
  room[length] = 0;
  if (strncmp(room, root, root_length) != 0 || (room[root_length] != '/' && room[root_length] != 0)) {
    return NULL;
  }
  return room;
}

static struct entry *known(int fd) {
  return fd >= 0 && fd < MOST_FDS && entries[fd].known ? &entries[fd] : NULL;
}

static void forget(int fd) {
  if (fd >= 0 && fd < MOST_FDS && entries[fd].known) {
    free(entries[fd].name);
    memset(&entries[fd], 0, sizeof entries[fd]);
  }
}

/* ---- records */

static void record(enum what what, uint64_t inode, uint64_t number, const char *name, const char *other,
                   const struct iovec *bytes, int count, size_t size) {
  if (journal < 0) {
    return;
  }
  struct {
    uint32_t length, what;
    uint64_t inode, number;
    uint32_t name, other;
  } __attribute__((packed)) head;
  head.what = what;
  head.inode = inode;
  head.number = number;
  head.name = name == NULL ? 0 : (uint32_t)strlen(name);
  head.other = other == NULL ? 0 : (uint32_t)strlen(other);
  head.length = (uint32_t)(sizeof head + head.name + head.other + size);
  struct iovec parts[3 + IOV_MAX / 2];
  int used = 0;
  parts[used++] = (struct iovec){&head, sizeof head};
  parts[used++] = (struct iovec){(void *)name, head.name};
  parts[used++] = (struct iovec){(void *)other, head.other};
  size_t left = size;
  for (int i = 0; i < count && left > 0; i++) {
    size_t piece = bytes[i].iov_len < left ? bytes[i].iov_len : left;
    parts[used++] = (struct iovec){bytes[i].iov_base, piece};
    left -= piece;
  }
  int saved = errno;
  if (real_writev(journal, parts, used) != (ssize_t)head.length) {
    perror("the disk's journal");
    abort();
  }
  moment += head.length;
  errno = saved;
}

static void simple(enum what what, const char *name, const char *other) {
  record(what, 0, 0, name, other, NULL, 0, 0);
}

/* ---- what is to fail */

/* 0: go on; 1: fail, errno is set; 2: write half. */
static int fails(enum calls call, const char *name) {
  struct control *c = control;
  if (c == NULL || (c->calls & call) == 0) {
    return 0;
  }
  if (c->part[0] != 0 && (name == NULL || strstr(name, (const char *)c->part) == NULL)) {
    return 0;
  }
  if (c->skip > 0) {
    c->skip--;
    return 0;
  }
  if (c->times == 0) {
    return 0;
  }
  if (call == CALL_WRITE && c->shorten) {
    c->shorten = 0;
    return 2;
  }
  if (c->times > 0) {
    c->times--;
  }
  c->failed++;
  errno = c->error;
  return 1;
}

/* ---- opening and closing */

static int opened(int fd, const char *name, int flags, int was_there) {
  struct stat about;
  if (fd < 0 || fd >= MOST_FDS || fstat(fd, &about) != 0) {
    return fd;
  }
  forget(fd);
  struct entry *entry = &entries[fd];
  entry->folder = S_ISDIR(about.st_mode);
  entry->append = (flags & O_APPEND) != 0;
  entry->sync = (flags & (O_SYNC | O_DSYNC)) != 0;
  entry->inode = about.st_ino;
  entry->name = strdup(name);
  entry->known = 1;
  if (!entry->folder && !was_there) {
    record(CREATED, about.st_ino, 0, name, NULL, NULL, 0, 0);
  } else if (!entry->folder && (flags & O_TRUNC) != 0) {
    record(TRUNCATED, about.st_ino, 0, name, NULL, NULL, 0, 0);
  }
  if ((flags & O_DIRECT) != 0 && (flags & O_ACCMODE) != O_RDONLY) {
    simple(UNSEEN, "direct output", name);
  }
  return fd;
}

static int open_below(int folder, const char *path, int flags, mode_t mode, const char *name) {
  pthread_mutex_lock(&lock);
  struct stat before;
  int was_there = stat(name, &before) == 0;
  int fd = -1;
  if (was_there || (flags & O_CREAT) == 0 || fails(CALL_CREATE, name) == 0) {
    fd = opened(real_openat(folder, path, flags, mode), name, flags, was_there);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

static mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(called)                                                     \
  int called(const char *path, int flags, ...) {                         \
    va_list arguments;                                                   \
    va_start(arguments, flags);                                          \
    mode_t mode = mode_of(flags, arguments);                             \
    va_end(arguments);                                                   \
    char room[PATH_MAX];                                                 \
    const char *name = below_root(AT_FDCWD, path, room);                 \
    return name == NULL ? real_open(path, flags, mode)                   \
                        : open_below(AT_FDCWD, path, flags, mode, name); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(called)                                                 \
  int called(int folder, const char *path, int flags, ...) {           \
    va_list arguments;                                                 \
    va_start(arguments, flags);                                        \
    mode_t mode = mode_of(flags, arguments);                           \
    va_end(arguments);                                                 \
    char room[PATH_MAX];                                               \
    const char *name = below_root(folder, path, room);                 \
    return name == NULL ? real_openat(folder, path, flags, mode)       \
                        : open_below(folder, path, flags, mode, name); \
  }
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
  pthread_once(&once, find_all);
  pthread_mutex_lock(&lock);
  forget(fd);
  int result = real_close(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

static int same(int from, int to) {
  struct entry *entry = known(from);
  if (to >= 0 && to < MOST_FDS && from != to) {
    forget(to);
    if (entry != NULL) {
      entries[to] = *entry;
      entries[to].name = strdup(entry->name);
    }
  }
  return to;
}

int dup(int fd) {
  pthread_once(&once, find_all);
  pthread_mutex_lock(&lock);
  int result = same(fd, real_dup(fd));
  pthread_mutex_unlock(&lock);
  return result;
}

int dup2(int fd, int to) {
  pthread_once(&once, find_all);
  pthread_mutex_lock(&lock);
  int result = same(fd, real_dup2(fd, to));
  pthread_mutex_unlock(&lock);
  return result;
}

int dup3(int fd, int to, int flags) {
  pthread_once(&once, find_all);
  pthread_mutex_lock(&lock);
  int result = same(fd, real_dup3(fd, to, flags));
  pthread_mutex_unlock(&lock);
  return result;
}

/* ---- reading */

#define READ(called, real, parameters, arguments)                            \
  ssize_t called parameters {                                                \
    pthread_once(&once, find_all);                                           \
    if (control != NULL && (control->calls & CALL_READ) && known(fd)) {      \
      pthread_mutex_lock(&lock);                                             \
      struct entry *entry = known(fd);                                       \
      int failed = entry != NULL && fails(CALL_READ, entry->name);           \
      pthread_mutex_unlock(&lock);                                           \
      if (failed) {                                                          \
        return -1;                                                           \
      }                                                                      \
    }                                                                        \
    return real arguments;                                                   \
  }
READ(read, real_read, (int fd, void *to, size_t size), (fd, to, size))
READ(pread, real_pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
READ(pread64, real_pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))

/* ---- writing */

/* at: negative means where the file stands. */
static ssize_t put(int fd, const struct iovec *bytes, int count, off_t at) {
  pthread_once(&once, find_all);
  if (known(fd) == NULL) {
    return at < 0 ? real_writev(fd, bytes, count) : real_pwritev(fd, bytes, count, at);
  }
  pthread_mutex_lock(&lock);
  struct entry *entry = known(fd);
  ssize_t result = -1;
  if (entry == NULL) {
    result = at < 0 ? real_writev(fd, bytes, count) : real_pwritev(fd, bytes, count, at);
  } else {
    int failing = fails(CALL_WRITE, entry->name);
    off_t where = at;
    if (at < 0) {
      struct stat about;
      where = entry->append && fstat(fd, &about) == 0 ? about.st_size : lseek(fd, 0, SEEK_CUR);
    }
    struct iovec half = {bytes[0].iov_base, (bytes[0].iov_len + 1) / 2};
    const struct iovec *from = failing == 2 ? &half : bytes;
    int pieces = failing == 2 ? 1 : count;
    if (failing != 1) {
      result = at < 0 ? real_writev(fd, from, pieces) : real_pwritev(fd, from, pieces, at);
    }
    if (result > 0) {
      record(WRITTEN, entry->inode, (uint64_t)where, entry->name, NULL, from, pieces, (size_t)result);
      if (entry->sync) {
        record(SYNCED, entry->inode, moment, entry->name, NULL, NULL, 0, 0);
      }
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  struct iovec piece = {(void *)bytes, size};
  pthread_once(&once, find_all);
  return known(fd) == NULL ? real_write(fd, bytes, size) : put(fd, &piece, 1, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  struct iovec piece = {(void *)bytes, size};
  return put(fd, &piece, 1, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) { return pwrite(fd, bytes, size, at); }
ssize_t writev(int fd, const struct iovec *bytes, int count) { return put(fd, bytes, count, -1); }

ssize_t pwritev(int fd, const struct iovec *bytes, int count, off_t at) { return put(fd, bytes, count, at); }
ssize_t pwritev64(int fd, const struct iovec *bytes, int count, off_t at) { return put(fd, bytes, count, at); }

/* ---- sizes */

/* Puts down a size that has changed. */
static void resized(struct entry *entry, int fd, off_t before) {
  struct stat about;
  if (fstat(fd, &about) == 0 && about.st_size != before) {
    record(TRUNCATED, entry->inode, (uint64_t)about.st_size, entry->name, NULL, NULL, 0, 0);
  }
}

#define RESIZE(called, real, failure, parameters, arguments)    \
  int called parameters {                                       \
    pthread_once(&once, find_all);                              \
    pthread_mutex_lock(&lock);                                  \
    struct entry *entry = known(fd);                            \
    int result;                                                 \
    if (entry == NULL) {                                        \
      result = real arguments;                                  \
    } else if (fails(CALL_RESIZE, entry->name)) {               \
      result = failure;                                         \
    } else {                                                    \
      struct stat before;                                       \
      fstat(fd, &before);                                       \
      result = real arguments;                                  \
      resized(entry, fd, before.st_size);                       \
    }                                                           \
    pthread_mutex_unlock(&lock);                                \
    return result;                                              \
  }
RESIZE(ftruncate, real_ftruncate, -1, (int fd, off_t size), (fd, size))
RESIZE(ftruncate64, real_ftruncate, -1, (int fd, off_t size), (fd, size))
RESIZE(fallocate, real_fallocate, -1, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
RESIZE(fallocate64, real_fallocate, -1, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
RESIZE(posix_fallocate, real_posix_fallocate, errno, (int fd, off_t at, off_t size), (fd, at, size))
RESIZE(posix_fallocate64, real_posix_fallocate, errno, (int fd, off_t at, off_t size), (fd, at, size))

int truncate(const char *path, off_t size) {
  int fd = open(path, O_WRONLY);
  if (fd < 0) {
    return -1;
  }
  int result = ftruncate(fd, size);
  int saved = errno;
  close(fd);
  errno = saved;
  return result;
}
int truncate64(const char *path, off_t size) { return truncate(path, size); }

/* ---- syncing */

/* Not under the lock: others go on writing while a disk syncs. */
static int sync_of(int fd, int (*real)(int)) {
  pthread_mutex_lock(&lock);
  struct entry *entry = known(fd);
  if (entry == NULL) {
    pthread_mutex_unlock(&lock);
    return real(fd);
  }
  int folder = entry->folder;
  uint64_t inode = entry->inode, begun = moment;
  char name[PATH_MAX];
  snprintf(name, sizeof name, "%s", entry->name);
  if (fails(CALL_SYNC, name)) {
    record(SYNC_FAILED, inode, begun, name, NULL, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return -1;
  }
  pthread_mutex_unlock(&lock);
  if (sync_wait > 0) {
    usleep(sync_wait);
  }
  int result = journal < 0 ? real(fd) : 0;
  if (result == 0) {
    pthread_mutex_lock(&lock);
    record(folder ? FOLDER_SYNCED : SYNCED, inode, begun, name, NULL, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int fd) {
  pthread_once(&once, find_all);
  return sync_of(fd, real_fsync);
}

int fdatasync(int fd) {
  pthread_once(&once, find_all);
  return sync_of(fd, real_fdatasync);
}

/* ---- names that change */

#define CHANGE(what, path_folder, path, other_folder, other_path, call, real_call)                \
  pthread_once(&once, find_all);                                                                  \
  char room[PATH_MAX], other_room[PATH_MAX];                                                      \
  const char *name = below_root(path_folder, path, room);                                         \
  const char *other = below_root(other_folder, other_path, other_room);                           \
  if (name == NULL && other == NULL) {                                                            \
    return real_call;                                                                             \
  }                                                                                               \
  pthread_mutex_lock(&lock);                                                                      \
  int result = -1;                                                                                \
  if ((call) == 0 || !fails(call, name)) {                                                        \
    result = real_call;                                                                           \
    if (result == 0) {                                                                            \
      simple(what, name, other);                                                                  \
    }                                                                                             \
  }                                                                                               \
  pthread_mutex_unlock(&lock);                                                                    \
  return result

static const char *const none = NULL;

int rename(const char *from, const char *to) {
  CHANGE(RENAMED, AT_FDCWD, from, AT_FDCWD, to, CALL_RENAME, real_rename(from, to));
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  CHANGE(RENAMED, from_folder, from, to_folder, to, CALL_RENAME,
         real_renameat(from_folder, from, to_folder, to));
}
int unlink(const char *path) { CHANGE(UNLINKED, AT_FDCWD, path, 0, none, 0, real_unlink(path)); }
int unlinkat(int folder, const char *path, int flags) {
  CHANGE((flags & AT_REMOVEDIR) ? FOLDER_REMOVED : UNLINKED, folder, path, 0, none, 0,
         real_unlinkat(folder, path, flags));
}
int link(const char *from, const char *to) {
  CHANGE(LINKED, AT_FDCWD, from, AT_FDCWD, to, 0, real_link(from, to));
}
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  CHANGE(LINKED, from_folder, from, to_folder, to, 0,
         real_linkat(from_folder, from, to_folder, to, flags));
}
int mkdir(const char *path, mode_t mode) {
  CHANGE(FOLDER_MADE, AT_FDCWD, path, 0, none, CALL_CREATE, real_mkdir(path, mode));
}
int mkdirat(int folder, const char *path, mode_t mode) {
  CHANGE(FOLDER_MADE, folder, path, 0, none, CALL_CREATE, real_mkdirat(folder, path, mode));
}
int rmdir(const char *path) { CHANGE(FOLDER_REMOVED, AT_FDCWD, path, 0, none, 0, real_rmdir(path)); }

/* ---- what would pass by */

#define MAP(called)                                                                           \
  void *called(void *where, size_t size, int rights, int flags, int fd, off_t at) {           \
    pthread_once(&once, find_all);                                                            \
    struct entry *entry = known(fd);                                                          \
    if (entry != NULL && (rights & PROT_WRITE) && (flags & MAP_SHARED)) {                     \
      pthread_mutex_lock(&lock);                                                              \
      simple(UNSEEN, "memory mapped for writing", entry->name);                               \
      pthread_mutex_unlock(&lock);                                                            \
    }                                                                                         \
    return real_mmap(where, size, rights, flags, fd, at);                                     \
  }
MAP(mmap)
MAP(mmap64)

/* Refused, as some file systems do; whoever wants to copy writes then. */
#define SEND(called)                                                            \
  ssize_t called(int to, int from, off_t *at, size_t size) {                    \
    pthread_once(&once, find_all);                                              \
    if (known(to) != NULL) {                                                    \
      errno = EINVAL;                                                           \
      return -1;                                                                \
    }                                                                           \
    return real_sendfile(to, from, at, size);                                   \
  }
SEND(sendfile)
SEND(sendfile64)

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags) {
  pthread_once(&once, find_all);
  if (known(to) != NULL) {
    errno = ENOSYS;
    return -1;
  }
  return real_copy_file_range(from, from_at, to, to_at, size, flags);
}

// A library to preload: makes one system call fail with an error, once in so many calls.
//
// FAULT_CALL    recv (and read, readv), send (and write, writev, sendmsg), epoll_ctl_mod, epoll_ctl_add, epoll_wait, dup, accept, thread
// FAULT_ERROR   its error number
// FAULT_EVERY   one in this many calls fails
// FAULT_GATE    a file: nothing fails before it exists
// FAULT_MADE    a file that the first failing call creates: a test can tell that there was one
//
// Reads and writes count only on connected sockets. libuv aborts if it cannot watch a descriptor, with node's http or
// without: of epoll_ctl only the edge-triggered calls count, which are the core's, and of the waiting calls the one
// that libuv does not use.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;
static atomic_int opened;
static atomic_int made;

static int is_open(void) {
  if (!opened) {
    const char *gate = getenv("FAULT_GATE");
    if (gate && access(gate, F_OK) == 0) opened = 1;
  }
  return opened;
}

static int fails(const char *name) {
  const char *call = getenv("FAULT_CALL");
  if (!call || strcmp(call, name) != 0 || !is_open()) return 0;
  int every = atoi(getenv("FAULT_EVERY"));
  if (atomic_fetch_add(&calls, 1) % every != every - 1) return 0;
  if (!atomic_exchange(&made, 1)) close(creat(getenv("FAULT_MADE"), 0600));
  errno = atoi(getenv("FAULT_ERROR"));
  return 1;
}

static int is_connected(int fd) {
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  int saved = errno;
  int connected = getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.ss_family == AF_INET;
  errno = saved;
  return connected;
}

#define NEXT(name) \
  static __typeof__(name) *next; \
  if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define FAULTY(name, what, fd) \
  NEXT(name); \
  if (is_connected(fd) && fails(what)) return -1

ssize_t recv(int fd, void *data, size_t size, int flags) { FAULTY(recv, "recv", fd); return next(fd, data, size, flags); }
ssize_t read(int fd, void *data, size_t size) { FAULTY(read, "recv", fd); return next(fd, data, size); }
ssize_t readv(int fd, const struct iovec *parts, int count) { FAULTY(readv, "recv", fd); return next(fd, parts, count); }
ssize_t send(int fd, const void *data, size_t size, int flags) { FAULTY(send, "send", fd); return next(fd, data, size, flags); }
ssize_t write(int fd, const void *data, size_t size) { FAULTY(write, "send", fd); return next(fd, data, size); }
ssize_t writev(int fd, const struct iovec *parts, int count) { FAULTY(writev, "send", fd); return next(fd, parts, count); }
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { FAULTY(sendmsg, "send", fd); return next(fd, message, flags); }

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event) {
  NEXT(epoll_ctl);
  if (event && (event->events & EPOLLET) && is_connected(fd) && fails(operation == EPOLL_CTL_MOD ? "epoll_ctl_mod" : "epoll_ctl_add")) return -1;
  return next(set, operation, fd, event);
}

int epoll_wait(int set, struct epoll_event *events, int most, int timeout) {
  NEXT(epoll_wait);
  if (fails("epoll_wait")) return -1;
  return next(set, events, most, timeout);
}

int fcntl(int fd, int command, ...) {
  NEXT(fcntl);
  va_list list;
  va_start(list, command);
  long argument = va_arg(list, long);
  va_end(list);
  if (command == F_DUPFD_CLOEXEC && is_connected(fd) && fails("dup")) return -1;
  return next(fd, command, argument);
}

int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  NEXT(accept4);
  if (fails("accept")) return -1;
  return next(fd, address, length, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) {
  NEXT(accept);
  if (fails("accept")) return -1;
  return next(fd, address, length);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  NEXT(pthread_create);
  if (fails("thread")) return errno;
  return next(thread, attributes, run, argument);
}

/* The least that an answer can cost: one epoll loop that reads, looks for the ends of requests, and sends the same answer to each.
   It prints its port, and ends with its standard input. Nothing of a request is checked. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define INPUT 65536

static const char body[] = "Hello World\n";
static char answer[512];
static size_t length;
static time_t second;

/* The date is made once a second. */
static void render(void) {
  struct timespec now;
  char date[64];
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec == second) return;
  second = now.tv_sec;
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&second));
  length = (size_t) snprintf(answer, sizeof answer,
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nDate: %s\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n%s",
    sizeof body - 1, date, body);
}

static void watch(int set, int fd) {
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
  epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

/* Requests come whole, or in one piece behind another. */
static int serve(int fd) {
  static char input[INPUT], output[INPUT];
  ssize_t count = recv(fd, input, sizeof input, MSG_DONTWAIT);
  if (count <= 0) return -1;
  size_t filled = 0;
  render();
  for (char *at = input; (at = memmem(at, (size_t) (input + count - at), "\r\n\r\n", 4)) != NULL; at += 4) {
    if (filled + length > sizeof output) break;
    memcpy(output + filled, answer, length);
    filled += length;
  }
  return send(fd, output, filled, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int main(void) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  struct epoll_event events[EVENTS];
  int listening = socket(AF_INET, SOCK_STREAM, 0), set = epoll_create1(0), one = 1;
  if (bind(listening, (struct sockaddr *) &address, size) < 0 || listen(listening, 1024) < 0) return 1;
  getsockname(listening, (struct sockaddr *) &address, &size);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  watch(set, listening);
  watch(set, STDIN_FILENO);
  for (;;) {
    int count = epoll_wait(set, events, EVENTS, -1);
    for (int n = 0; n < count; n++) {
      int fd = events[n].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listening) {
        int accepted = accept(listening, NULL, NULL);
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(set, accepted);
      } else if (serve(fd) < 0) {
        close(fd);
      }
    }
  }
}

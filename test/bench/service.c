/* The service that is measured: notes its first instruction in the file argv[1], as a line
   `nanoseconds pid argv[2]` by one write (CLOCK_MONOTONIC), then waits to be ended. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec now;
    char line[160];
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc != 3) return 2;
    int length = snprintf(line, sizeof line, "%lld %d %s\n",
                          now.tv_sec * 1000000000LL + now.tv_nsec, (int)getpid(), argv[2]);
    int file = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file < 0 || write(file, line, length) != length) return 1;
    close(file);
    for (;;) pause();
}

/* Idle processes of others: `foreign COUNT OWN HOME` forks so many that only wait. As root they become
   those of nobody, unless OWN is 1. They end with their parent; HOME says whose they are. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    int count = atoi(argv[1]);
    int own = strcmp(argv[2], "1") == 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int index = 0; index < count; index++) {
        pid_t pid = fork();
        if (pid < 0) return 1;
        if (pid > 0) continue;
        if (!own && getuid() == 0 && setuid(NOBODY) != 0) _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* setuid clears it */
        for (;;) pause();
    }
    printf("up\n");
    fflush(stdout);
    for (;;) pause();
}

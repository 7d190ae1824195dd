/* The least that a supervisor needs: `floor SERVICE LOG ID…` starts the service once for each ID, and
   again whenever it ends. Ends, and ends them, at SIGTERM or with its parent. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t *pids;
static int count;

static void end(int signal)
{
    (void)signal;
    for (int index = 0; index < count; index++)
        if (pids[index] > 0) kill(pids[index], SIGKILL);
    _exit(0);
}

static void start(const char *service, const char *log, char **ids, int index)
{
    char *arguments[] = {(char *)service, (char *)log, ids[index], NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        setsid();
        execv(service, arguments);
        _exit(127);
    }
    pids[index] = pid;
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    count = argc - 3;
    pids = calloc(count, sizeof *pids);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGTERM, end);
    for (int index = 0; index < count; index++) start(argv[1], argv[2], argv + 3, index);
    for (;;) {
        int status;
        pid_t pid = wait(&status);
        if (pid < 0) return 1;
        // A service that cannot be run must not make us turn in circles.
        if (WIFEXITED(status)) return 1;
        for (int index = 0; index < count; index++) {
            if (pids[index] != pid) continue;
            start(argv[1], argv[2], argv + 3, index);
            break;
        }
    }
}

"""Runs a command on a terminal of its own: terminal.py COLUMNS ROWS COMMAND...

What comes on standard input is typed, and what is shown goes to standard output. Descriptor 3 takes lines of
"COLUMNS ROWS", which resize the terminal, and gets one line of JSON at the end: how the command ended, and whether the
terminal then was as at the beginning.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows = int(sys.argv[1]), int(sys.argv[2])
master, slave = pty.openpty()
resize(slave, columns, rows)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.closerange(3, 64)
    os.execvp(sys.argv[3], sys.argv[3:])
# The slave stays open here, so that it can be looked at when the command has ended.
sources = [0, 3, master]
status = None
while True:
    ready = select.select(sources, [], [], 0.02)[0]
    if status is None:
        ended, code = os.waitpid(pid, os.WNOHANG)
        if ended:
            status = code
    for fd in ready:
        data = os.read(fd, 65536)
        if not data:
            sources.remove(fd)
            if fd == 0:
                os.kill(pid, signal.SIGHUP)
        elif fd == 0:
            os.write(master, data)
        elif fd == 3:
            for line in data.decode().splitlines():
                resize(slave, *map(int, line.split()))
        else:
            os.write(1, data)
    if status is not None and master not in ready:
        break
signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
same = termios.tcgetattr(slave) == before
os.write(3, json.dumps({"code": code, "signal": signalled, "isAsBefore": same}).encode() + b"\n")

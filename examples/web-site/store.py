"""The little of Redis that this site needs."""

import os
import socket


class Store:
    """A connection to one server, made anew for each command: simple, and never stale."""

    def __init__(self, variable):
        host, port = os.environ[variable].split(":")
        self.address = (host, int(port))

    def ask(self, *words):
        """Sends a command, and returns its answer. OSError if there is no server."""
        encoded = [str(word).encode() for word in words]
        text = b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in encoded)
        with socket.create_connection(self.address, timeout=5) as connection:
            connection.sendall(text)
            with connection.makefile("rb") as answer:
                return read(answer)


def read(answer):
    line = answer.readline().rstrip().decode()
    kind, rest = line[:1], line[1:]
    if kind == "$" and rest != "-1":
        return answer.read(int(rest) + 2)[:-2].decode()
    if kind == "*" and rest != "-1":
        return [read(answer) for _ in range(int(rest))]
    if kind == "-" or kind == "":
        raise OSError(rest or "the server has closed the connection")
    return int(rest) if kind == ":" else rest if kind == "+" else None

# An imitated FreeBSD command, as programs in a sandbox host start it: it sends what it was asked to the host's resident
# process and says what that answers. Linked to by the command's name. Python without its site packages and with built-in
# modules alone is the fastest interpreter to start that every machine has which runs Ansible.
import posix
import sys

try:
    import _signal
    import _socket
except ImportError as error:
    posix.write(2, b"sandbox: this python cannot start imitated commands: %s\n" % str(error).encode())
    posix._exit(69)

SOCKET = "/.sandbox/socket"
PIECE = 1 << 16


def main():
    # As a program in C: a closed pipe ends it without a word.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    words = [word.encode("utf-8", "surrogateescape") for word in sys.argv]
    program = words[0].rpartition(b"/")[2]

    resident = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        resident.connect(SOCKET)
    except OSError:
        say(2, b"sandbox: %s: this imitation of a FreeBSD command runs only inside a sandbox host. "
               b"Start one with 'npm run sandbox -- start NAME'.\n" % program)
        return 69

    try:
        directory = posix.getcwdb()
    except OSError:
        directory = b"/"
    # What an imitated program starts is not counted: jail(8)'s ifconfig is no process of the caller's.
    user = b"%d%s" % (posix.geteuid(), b"u" if b"SANDBOX_UNCOUNTED" in posix.environ else b"")
    request = b"\0".join([program, user, directory, *words[1:]])
    resident.sendall(len(request).to_bytes(4, "big") + request)

    while True:
        head = receive(resident, 5)
        kind, body = head[:1], receive(resident, int.from_bytes(head[1:], "big"))
        if kind == b"o":
            say(1, body)
        elif kind == b"e":
            say(2, body)
        elif kind == b"i":
            send_input(resident)
        elif kind == b"x":
            return int(body)
        elif kind == b"r":
            command = body.split(b"\0")
            posix.execv(command[0], command)
        elif kind == b"k":
            _signal.signal(int(body), _signal.SIG_DFL) if int(body) != 9 else None
            posix.kill(posix.getpid(), int(body))


def say(descriptor, text):
    while text:
        text = text[posix.write(descriptor, text):]


def send_input(resident):
    while piece := posix.read(0, PIECE):
        resident.sendall(piece)
    resident.shutdown(_socket.SHUT_WR)


def receive(resident, size):
    pieces = []
    while size:
        piece = resident.recv(min(size, PIECE))
        if not piece:
            # The host lost its power.
            posix._exit(255)
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


posix._exit(main())

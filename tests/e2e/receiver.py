# SPDX-License-Identifier: MIT
"""A receiver of notifications that behaves as badly as it is told to.

A behaviour is a function of an accepted connection. Each request takes the next of the script; when
there is none left, the request is taken: 200.
"""
import email.utils
import json
import socket
import struct
import threading
import time

BODY_MAX = 1 << 20
HUGE = 64 << 20


def status(code, *headers, body=b''):
    """A whole answer."""
    lines = ['HTTP/1.1 %d -' % code, 'Content-Length: %d' % len(body), 'Connection: close',
             *headers]
    text = '\r\n'.join(lines).encode() + b'\r\n\r\n' + body

    def behave(connection):
        connection.read_request()
        connection.send(text)
        return 200 <= code < 300

    behave.name = 'status %d %s' % (code, ' '.join(headers))
    return behave


def retry_after_date(seconds):
    def behave(connection):
        date = email.utils.formatdate(time.time() + seconds, usegmt=True)
        return status(429, 'Retry-After: ' + date)(connection)

    behave.name = 'Retry-After as a date'
    return behave


def hang(connection):
    """Reads the request and never answers."""
    connection.read_request()
    connection.wait_for_end()


def reset(connection):
    """Goes away in the middle of the request."""
    connection.socket.recv(16)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def break_off(connection):
    """Ends in the middle of the head."""
    connection.read_request()
    connection.send(b'HTTP/1.1 20')


def break_off_body(connection):
    """Says that it failed, and not the whole reason."""
    connection.read_request()
    connection.send(b'HTTP/1.1 502 -\r\nContent-Length: 1000\r\n\r\nbecau')


def huge(connection):
    """Takes it, and talks without end."""
    connection.read_request()
    connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % HUGE)
    sent = 0
    while sent < HUGE and connection.send(b'x' * 65536):
        sent += 65536
    connection.receiver.huge_bytes = sent
    return True


class Connection:
    def __init__(self, receiver, accepted):
        self.receiver = receiver
        self.socket = accepted
        self.headers = {}
        self.body = b''

    def read_request(self):
        data = b''
        while b'\r\n\r\n' not in data and len(data) < BODY_MAX:
            data += self._receive()
        head, self.body = data.split(b'\r\n\r\n', 1)
        for line in head.decode('latin-1').split('\r\n')[1:]:
            name, value = line.split(':', 1)
            self.headers[name.lower()] = value.strip()
        while len(self.body) < int(self.headers['content-length']):
            self.body += self._receive()

    def _receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise OSError('the client went away')
        return piece

    def send(self, data):
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def wait_for_end(self):
        self.socket.settimeout(120)
        while self.socket.recv(4096):
            pass


class Receiver:
    """Listens on loopback. taken holds (delivery id, body) of what got a 200."""

    def __init__(self, script=(), tls=None, delay=0.0, is_listening=True):
        self.script = list(script)
        self.default = status(200)
        self.tls = tls
        self.delay = delay
        self.taken = []
        self.tries = []  # (time of the request, name of the behaviour, when it was over)
        self.huge_bytes = 0
        self.lock = threading.Lock()
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        if is_listening:
            self.listen()

    def listen(self):
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, scheme='http', host='127.0.0.1'):
        return '%s://%s:%d/alert' % (scheme, host, self.port)

    def _accept(self):
        while True:
            accepted, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        start = time.time()
        try:
            accepted.settimeout(30)
            if self.tls:
                accepted = self.tls.wrap_socket(accepted, server_side=True)
            with self.lock:
                behave = self.script.pop(0) if self.script else self.default
            connection = Connection(self, accepted)
            if self.delay:
                time.sleep(self.delay)  # what a slow receiver is
            if behave(connection):
                with self.lock:
                    self.taken.append((connection.headers['x-heapwatch-delivery'],
                                       json.loads(connection.body)))
        except OSError:
            behave = None
        finally:
            accepted.close()
        with self.lock:
            self.tries.append((start, getattr(behave, 'name', getattr(behave, '__name__', '-')),
                               time.time()))

    def keys(self, word=None):
        """(dedup_key, status) of what was taken, in its order."""
        with self.lock:
            return [(alert['dedup_key'], alert['status']) for _, alert in self.taken
                    if word in (None, alert['status'])]

# SPDX-License-Identifier: MIT
"""A client of Node's inspector, as small as it can be: another debugger beside heapwatch."""
import base64
import json
import os
import socket
import struct
import urllib.request

from harness import check


def listeners():
    """Ports that somebody listens on."""
    with open('/proc/net/tcp', encoding='ascii') as table:
        rows = [line.split() for line in list(table)[1:]]
    return {int(row[1].split(':')[1], 16) for row in rows if row[3] == '0A'}


class Debugger:
    def __init__(self, port):
        with urllib.request.urlopen('http://127.0.0.1:%d/json/list' % port, timeout=10) as reply:
            path = json.load(reply)[0]['id']
        self.socket = socket.create_connection(('127.0.0.1', port), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(('GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n'
                             'Connection: Upgrade\r\nSec-WebSocket-Key: %s\r\n'
                             'Sec-WebSocket-Version: 13\r\n\r\n' % (path, key)).encode())
        check(b' 101 ' in self.socket.recv(4096), 'no debugger could be attached')

    def ask(self, text):
        payload = text.encode()
        head = struct.pack('!BB', 0x81, 0x80 | len(payload))
        self.socket.sendall(head + b'\0\0\0\0' + payload)
        return self.socket.recv(65536).decode(errors='replace')

    def calculate(self):
        answer = self.ask('{"id":1,"method":"Runtime.evaluate","params":{"expression":"6*7"}}')
        check('42' in answer, 'the process answers a debugger %r' % answer)

    def close(self):
        self.socket.close()
